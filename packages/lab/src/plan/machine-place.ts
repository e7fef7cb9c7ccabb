import type { ObservedMachine } from '../backend/backend.ts';
import type { PropertyChange } from '../resource/operation.ts';
import type { AppliedStep, MachineState } from '../state/lab-state.ts';
import { appliedUpTo, commonLength, firstNameless } from './chain.ts';
import type { ChainLink } from './desired-machine.ts';
import { restartChanges } from './machine-changes.ts';
import { type Position, positionOf, takenCheckpointBelow } from './machine-position.ts';
import { whyBack } from './plan-reasons.ts';
import type { RecordedCase } from './recorded-case.ts';

/** How far a machine has come in the chain that the lab wants, and how far it could go without running a step. */
export interface MachinePlace extends RecordedCase {
  readonly found: Position;
  readonly chain: readonly ChainLink[];
  /** How many links it has in common with the lab. */
  readonly common: number;
  /** The furthest layer that can be used; -1 when there is none. */
  readonly furthest: number;
  /** A name is wanted there and the layer has been coalesced: it is made again. */
  readonly nameless: number;
  /** It has what the lab does not want, or lacks a layer that is to have a name. */
  readonly mustGoBack: boolean;
  /** It goes to a layer, back or on. */
  readonly moves: boolean;
  /** Why it goes there. */
  readonly reason: string;
  readonly restartDiff: readonly PropertyChange[];
}

/** A layer that a machine is taken to. */
export interface RestoreTarget {
  readonly layer: string;
  readonly applied: readonly AppliedStep[];
  readonly reason: string;
}

export function placeOf(machine: RecordedCase): MachinePlace {
  const { context, desired, recorded, observed } = machine;
  const { chain } = desired;
  const found = positionOf(context, recorded, observed);
  const common = commonLength(found.applied, chain);
  const furthest = context.furthestUsable(chain);
  const nameless = firstNameless(chain, (key) => context.facts.stored.has(key));
  const mustGoBack = found.dirty || found.applied.length > common || nameless < common;
  return {
    ...machine,
    found,
    chain,
    common,
    furthest,
    nameless,
    mustGoBack,
    moves: mustGoBack || furthest >= common,
    reason: mustGoBack ? whyBack(found, chain, common, nameless) : 'it is cached',
    restartDiff: restartChanges(recorded.spec, desired.spec, observed, context.facts),
  };
}

/** The furthest layer that the machine can be taken to: one of its chain, or a manual checkpoint that lies further. */
export function restoreTarget(place: MachinePlace): RestoreTarget | undefined {
  const { context, recorded, chain, furthest, nameless, mustGoBack, reason } = place;
  const manual = mustGoBack ? takenCheckpointBelow(context, recorded, chain.slice(0, nameless)) : undefined;
  if (manual && manual.applied.length > furthest) return { ...manual, reason };
  const layer = chain[furthest]?.key;
  return layer === undefined ? undefined : { layer, applied: appliedUpTo(chain, furthest), reason };
}

/** It runs, and nothing of it is to be finished or repaired first. */
export function isReady(recorded: MachineState, observed: ObservedMachine | undefined): boolean {
  return observed?.status === 'running' && recorded.ready && !observed.repair;
}
