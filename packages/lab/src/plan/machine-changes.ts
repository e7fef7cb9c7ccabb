import { type MachineSpec, propertiesWith, shownProperties } from '@goqemu/spec';
import type { ObservedMachine } from '../backend/backend.ts';
import type { PropertyChange } from '../resource/operation.ts';
import type { AppliedStep } from '../state/lab-state.ts';
import type { ChainLink } from './desired-machine.ts';
import type { PlanFacts } from './plan-context.ts';
import { propertyDiff } from './property-diff.ts';

/** What differs in the first step that differs. */
export function firstChange(
  applied: readonly AppliedStep[],
  chain: readonly ChainLink[],
  common: number,
): readonly PropertyChange[] {
  const before = applied[common];
  const after = chain[common];
  if (!before || !after) return [];
  return propertyDiff({ step: before.name, ...before.summary }, { step: after.name, ...after.summary });
}

/** Where the machine is: not every place can change the forwards of one that runs. */
type LivePlace = Pick<PlanFacts, 'liveForwards'>;

/** Nor can every way into the host's network. */
function areForwardsLive({ network }: MachineSpec, { liveForwards }: LivePlace): boolean {
  return liveForwards && network !== 'host';
}

/** What of a machine only its next start can change. */
export function restartChanges(
  before: MachineSpec,
  after: MachineSpec,
  observed: ObservedMachine | undefined,
  place: LivePlace,
): readonly PropertyChange[] {
  const isLive = areForwardsLive(before, place);
  const restarting = [...propertiesWith('change', 'restart'), ...(isLive ? [] : (['forwards'] as const))];
  const declared = propertyDiff(shownProperties(before, restarting), shownProperties(after, restarting));
  if (declared.length > 0 || observed?.status !== 'running') return declared;
  const seen = propertiesWith('observed', true).filter((property) => observed[property] !== undefined);
  return propertyDiff(shownProperties(observed, seen), shownProperties(after, seen));
}

/** What of a machine changes while it runs, or before its next start. */
export function liveChanges(before: MachineSpec, after: MachineSpec, place: LivePlace): readonly PropertyChange[] {
  const isLive = areForwardsLive(before, place);
  const live = propertiesWith('change', 'live').filter((property) => property !== 'forwards' || isLive);
  return propertyDiff(shownProperties(before, live), shownProperties(after, live));
}
