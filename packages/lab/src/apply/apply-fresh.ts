import { hasErrorCode } from '@goqemu/core';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { ApplyFreshOptions, FreshResult, PlanReason } from '../engine-context/engine-options.ts';
import type { Plan } from '../plan/plan.ts';
import { applyPlan } from './apply-plan.ts';
import { fetchImages } from './fetch-images.ts';

/**
 * Carries a plan out as the lab is by then: what an image contains is known once it is here, and with it which layers are
 * cached already; and another apply may have come first while this one waited for the lock. The plan is then made again.
 */
export async function applyFresh(
  context: EngineContext,
  made: Plan,
  { replan, keepsPlan = false, beforeApply, ...options }: ApplyFreshOptions,
): Promise<FreshResult> {
  const carryOut = async (plan: Plan, reason: PlanReason): Promise<FreshResult> => {
    await beforeApply?.(plan, reason);
    return { plan, result: await applyPlan(context, plan, options) };
  };
  if (!replan) return carryOut(made, 'given');
  const { size: fetched } = await fetchImages(context, made, options.interrupt);
  try {
    return await (fetched > 0 ? carryOut(await replan(), 'images-fetched') : carryOut(made, 'given'));
  } catch (error) {
    if (keepsPlan || !hasErrorCode(error, 'plan-stale')) throw error;
    return carryOut(await replan(), 'lab-changed');
  }
}
