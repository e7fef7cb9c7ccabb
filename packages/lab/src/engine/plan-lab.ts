import type { EngineContext } from '../engine-context/engine-context.ts';
import type { PlanOptions } from '../engine-context/engine-options.ts';
import type { Lab } from '../evaluate/lab.ts';
import { forksOf } from '../fork/forks-of.ts';
import { emptyLock, readLabLock } from '../lock/lab-lock.ts';
import { makePlan } from '../plan/make-plan.ts';
import { countChanges, type Plan } from '../plan/plan.ts';
import type { PlanInput } from '../resource/plan-input.ts';

/** @param lab undefined to destroy all of it */
export async function planLab(context: EngineContext, lab: Lab | undefined, options: PlanOptions): Promise<Plan> {
  // Nothing is wanted of images when all is destroyed: a damaged lock file does not stand in the way.
  const [read, lock] = await Promise.all([context.read(), lab ? readLabLock(context.storage) : emptyLock]);
  const input: PlanInput = {
    lab,
    read,
    lock,
    backend: context.backend,
    call: context.plainCall(read.state.lineage, 'plan', options.signal),
    vault: context.vault,
    now: context.now(),
    ...(options.target?.length ? { target: options.target } : {}),
    ...(options.exclude?.length ? { exclude: options.exclude } : {}),
    ...(options.replace?.length ? { replace: options.replace } : {}),
    ...(options.start ? { start: true } : {}),
  };
  return announced(context, await makePlan(input, context.kinds));
}

/** A plan whose desired set is empty. Its forks stay, and it says so. */
export async function planDestroy(context: EngineContext, options: PlanOptions): Promise<Plan> {
  const [plan, forks] = await Promise.all([planLab(context, undefined, options), forksOf(context)]);
  if (forks.length === 0) return plan;
  const names = forks.map((fork) => fork.name).join(', ');
  const message = `its forks are kept: ${names}; destroy them with --forks`;
  return { ...plan, notices: [...plan.notices, { code: 'forks-stay', message }] };
}

/** Tells who listens that a plan was made. */
export function announced(context: EngineContext, plan: Plan): Plan {
  context.emit({ type: 'plan-made', lab: plan.lab, stack: plan.stack, changes: countChanges(plan) });
  return plan;
}
