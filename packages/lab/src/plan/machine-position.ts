import type { ObservedMachine } from '../backend/backend.ts';
import type { AppliedStep, MachineState } from '../state/lab-state.ts';
import { commonLength } from './chain.ts';
import type { ChainLink } from './desired-machine.ts';
import type { PlanContext } from './plan-context.ts';

export interface Position {
  readonly applied: readonly AppliedStep[];
  readonly dirty: boolean;
  /** Why the machine has to go back although the lab has not changed. */
  readonly reason?: string;
  /** The layer that it was moved to outside goqemu, when that one is known. */
  readonly moved?: string;
}

/** What a machine really has behind it. */
export function positionOf(
  context: PlanContext,
  recorded: MachineState,
  observed: ObservedMachine | undefined,
): Position {
  const onLayer = recorded.applied.findIndex((step) => step.key === recorded.layer);
  if (recorded.dirty) {
    const { failed } = recorded;
    const applied = failed?.layer === recorded.layer ? failed.applied : recorded.applied.slice(0, onLayer + 1);
    return { applied, dirty: true, reason: 'a step was interrupted or failed' };
  }
  const layer = observed?.layer;
  if (layer === undefined || layer === recorded.layer || layer === recorded.cutting?.key) {
    return { applied: recorded.applied, dirty: false };
  }
  const index = recorded.applied.findIndex((step) => step.key === layer);
  const taken = Object.values(context.facts.state.checkpoints)
    .map((checkpoint) => checkpoint.machines[recorded.name])
    .find((machine) => machine?.layer === layer);
  const reason = 'it was restored outside goqemu';
  if (taken) return { applied: taken.applied, dirty: false, reason, moved: layer };
  if (index >= 0) return { applied: recorded.applied.slice(0, index + 1), dirty: false, reason, moved: layer };
  return { applied: recorded.applied.slice(0, onLayer + 1), dirty: true, reason };
}

/** A machine that stands on a manual checkpoint goes back to it, as far as the lab still has what is below. */
export function takenCheckpointBelow(
  context: PlanContext,
  recorded: MachineState,
  chain: readonly ChainLink[],
): { layer: string; applied: readonly AppliedStep[] } | undefined {
  for (const checkpoint of Object.values(context.facts.state.checkpoints)) {
    const taken = checkpoint.machines[recorded.name];
    if (!taken || taken.layer !== recorded.layer || !context.facts.stored.has(taken.layer)) continue;
    if (commonLength(taken.applied, chain) === taken.applied.length) return taken;
  }
  return undefined;
}
