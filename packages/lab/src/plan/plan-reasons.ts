import { formatByteSize, formatDuration } from '@goqemu/core';
import { baseKeyProperties, propertiesWith, shownProperties } from '@goqemu/spec';
import type { ObservedMachine } from '../backend/backend.ts';
import type { Parked } from '../power/parked.ts';
import type { PropertyChange } from '../resource/operation.ts';
import type { AppliedStep, MachineState } from '../state/lab-state.ts';
import { layerName } from '../state/layer-name.ts';
import { baseSummary } from './desired-chain.ts';
import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import type { Position } from './machine-position.ts';
import type { PlanContext } from './plan-context.ts';
import { propertyDiff } from './property-diff.ts';
import type { RestoreRoad } from './restore-road.ts';

/** What makes another machine, and is not in the key of its first layer. */
const beyondKey = propertiesWith('change', 'recreate').filter(
  (property) => property !== 'kind' && !baseKeyProperties.some((other) => other === property),
);

export function reasonToMakeAnew(
  context: PlanContext,
  desired: DesiredMachine,
  recorded: MachineState,
  observed: ObservedMachine | undefined,
): { reason: string; diff?: readonly PropertyChange[] } | undefined {
  if (context.facts.replace.has(desired.declaration.name)) return { reason: 'requested with --replace' };
  if (recorded.phase === 'making') return { reason: 'its creation was interrupted' };
  if (recorded.phase === 'deleting') return { reason: 'its replacement was interrupted' };
  if (recorded.spec.kind !== desired.spec.kind) return { reason: `it becomes a ${desired.spec.kind}` };
  const base = desired.chain[0];
  if (base && recorded.base !== base.key) {
    const before = recorded.applied[0]?.summary ?? baseSummary(recorded.image.reference, recorded.spec);
    const diff = propertyDiff(before, base.summary);
    return { reason: recreateReason(diff, recorded.image.key === desired.image.key), diff };
  }
  const beyond = propertyDiff(shownProperties(recorded.spec, beyondKey), shownProperties(desired.spec, beyondKey));
  if (beyond.length > 0)
    return { reason: `recreate: its ${beyond.map(({ property }) => property).join(' and ')} changes`, diff: beyond };
  if (recorded.record !== null && (observed?.status === 'absent' || observed?.status === 'damaged' || !observed)) {
    return { reason: `its disk is gone or damaged${observed?.reason ? `: ${observed.reason}` : ''}` };
  }
  return undefined;
}

function recreateReason(diff: readonly PropertyChange[], isSameImage: boolean): string {
  const [first] = diff;
  if (!first) return isSameImage ? 'recreate: its base is built again' : 'recreate: the image has changed';
  if (first.property === 'disk' && typeof first.before === 'number' && typeof first.after === 'number') {
    const verb = first.after > first.before ? 'grows' : 'shrinks';
    return `recreate: the disk ${verb} from ${formatByteSize(first.before)} to ${formatByteSize(first.after)}`;
  }
  return `recreate: ${first.property} changes from ${String(first.before)} to ${String(first.after)}`;
}

export function whyBack(found: Position, chain: readonly ChainLink[], common: number, nameless = chain.length): string {
  if (nameless < common && !found.dirty && found.applied.length === common)
    return `"${chain[nameless]?.checkpoints[0]}" is to name the layer after "${chain[nameless]?.name}", which is no longer there`;
  if (found.applied.length > common) {
    const gone = found.applied[common]?.name;
    const now = chain[common]?.name;
    if (now === undefined) return `"${gone}" is no longer in the lab`;
    return gone === now ? `"${now}" has changed` : `"${now}" comes where "${gone}" was`;
  }
  return found.reason ?? 'a step was interrupted';
}

export function whyStart(recorded: MachineState, observed: ObservedMachine | undefined): string {
  if (observed?.status === 'running' && observed.repair) return `${observed.repair}; it is written again`;
  if (observed?.status === 'running') return 'its start was interrupted';
  if (recorded.power !== undefined && observed?.status === 'paused')
    return `${recorded.power === 'suspended' ? 'suspending' : 'stopping'} it was interrupted`;
  if (observed?.status === 'paused') return 'its start was interrupted';
  if (observed?.status === 'unresponsive') return observed.reason ?? 'it does not answer';
  if (observed?.status === 'crashed') return `it has died${observed.reason ? `: ${observed.reason}` : ''}`;
  return recorded.ready ? 'it is not running' : 'it has not been started';
}

/** What a machine that stands still on purpose is started for. */
export interface WakeUpCause {
  readonly context: PlanContext;
  /** Steps that are to run. */
  readonly remaining: readonly unknown[];
  readonly recut: boolean;
  readonly restartDiff: readonly PropertyChange[];
  readonly restarts: boolean;
}

/** Why a machine that stands still on purpose is started all the same. */
export function whyWakeUp(cause: WakeUpCause, parked: Parked): string {
  return `it was ${parked}, and ${wakeUpWork(cause, parked)}`;
}

function wakeUpWork({ context, remaining, recut, restartDiff, restarts }: WakeUpCause, parked: Parked): string {
  if (recut) return 'a checkpoint of it is taken again';
  if (restarts) return `${changed(restartDiff)}, which takes a restart`;
  if (remaining.length > 0)
    return remaining.length === 1 ? '1 step is to run in it' : `${remaining.length} steps are to run in it`;
  return context.facts.start ? `--start ${parked === 'stopped' ? 'starts' : 'resumes'} it` : 'it is needed';
}

/** What an update changes; `restartDiff` is empty where nothing is restarted. */
export interface UpdateCause {
  readonly restartDiff: readonly PropertyChange[];
  readonly recut?: boolean;
  readonly moved?: string | undefined;
  /** The machine does not run, and is not started for it. */
  readonly nextStart?: boolean;
  /** It runs although it was stopped or suspended on purpose. */
  readonly isUp?: boolean;
  readonly diff: readonly PropertyChange[];
  /** Why it is restarted although nothing of its own has changed. */
  readonly disturbance?: string | undefined;
}

export function updateReason(cause: UpdateCause): string {
  const { restartDiff, recut, moved, diff, nextStart, isUp, disturbance } = cause;
  if (restartDiff.length > 0) return `restart: ${changed(restartDiff)}`;
  if (disturbance !== undefined) return disturbance;
  if (recut) return 'taking a checkpoint was interrupted';
  if (isUp && diff.length === 0) return 'it runs, although it was stopped or suspended';
  if (nextStart) return `${changed(diff)}, with its next start`;
  if (moved && diff.length === 0) return 'it was restored outside goqemu';
  return changed(diff);
}

function changed(diff: readonly PropertyChange[]): string {
  return `${diff.map((change) => change.property).join(', ')} ${diff.length === 1 ? 'changes' : 'change'}`;
}

/** A way back, or on, to a layer, and what is to be done there. */
export interface WayBack {
  readonly back: boolean;
  readonly restore: { readonly applied: readonly AppliedStep[]; readonly reason: string };
  readonly road: RestoreRoad;
  readonly remaining: readonly ChainLink[];
  /** How many steps run again only because the layers after them have gone. */
  readonly unlayered: number;
  readonly parked?: Parked | undefined;
}

/**
 * `roll back to the layer after "one", run 3 steps again, about 12 s: "three" has changed, and the layer of the step
 * before it is no longer there`; `roll back: boots from the layer after "one", its RAM is not kept, about 60 s: …`
 */
export function restoreReason(context: PlanContext, name: string, way: WayBack): string {
  const { back, restore, road, remaining, unlayered, parked } = way;
  const times = [road.estimateMs, ...remaining.map((link) => context.duration(`step:${name}/${link.name}`).estimateMs)];
  const known = times.filter((time) => time !== undefined);
  const about =
    known.length === times.length ? `, about ${formatDuration(known.reduce((sum, time) => sum + time, 0))}` : '';
  const steps = remaining.length === 1 ? 'run 1 step again' : `run ${remaining.length} steps again`;
  const verb = back ? 'roll back' : 'roll forward';
  const layer = `the layer ${layerName(restore.applied)}`;
  const where = road.boots === undefined ? `${verb} to ${layer}` : `${verb}: boots from ${layer}, ${road.boots}`;
  const gone =
    unlayered === 0
      ? ''
      : unlayered === 1
        ? ', and the layer of the step before it is no longer there'
        : `, and the layers of the ${unlayered} steps before it are no longer there`;
  return `${where}${remaining.length === 0 ? '' : `, ${steps}`}${about}: ${restore.reason}${gone}${parked ? `; it was ${parked}, and runs afterwards` : ''}`;
}
