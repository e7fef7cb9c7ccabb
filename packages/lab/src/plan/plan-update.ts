import type { PropertyChange } from '../resource/operation.ts';
import { machineRef } from '../resource/resource-ref.ts';
import { checkpointsUpTo, describeChanges, expectedNames } from './checkpoint-names.ts';
import { liveChanges } from './machine-changes.ts';
import { isReady } from './machine-place.ts';
import type { MachineWay } from './machine-way.ts';
import { updateReason } from './plan-reasons.ts';
import { propertyDiff } from './property-diff.ts';

/** What changes of a machine without going back: its facts, names of its layers, and what a restart changes. */
export function planUpdate(way: MachineWay): void {
  const { context, desired, recorded, observed, found, have, target, parked, recut, restartDiff, restarts } = way;
  const { isTemplate } = way;
  const { name, protect, retain } = desired.declaration;
  const checkpoints = checkpointsUpTo(context, desired, have);
  const liveDiff = liveChanges(recorded.spec, desired.spec, context.facts);
  const diff = [...recordedChanges(way, checkpoints), ...(target ? [] : merged([...liveDiff, ...restartDiff]))];
  const isLive = !target && !restarts && isReady(recorded, observed);
  // A restore or start that follows brings the rest: until then the machine has what is recorded.
  const isFollowed =
    target !== undefined || (!isTemplate && !restarts && parked === undefined && !isReady(recorded, observed));
  const forwards = liveDiff.some(isForward);
  const joins = liveDiff.some((change) => !isForward(change));
  const isUp = recorded.power !== undefined && recorded.ready && !target && observed?.status === 'running';
  const nextStart = parked !== undefined && !target && !restarts && restartDiff.length > 0;
  if (diff.length === 0 && !recut && !found.moved && !isUp && !restarts) return;
  context.add(
    {
      action: 'update',
      resource: machineRef(name),
      reason: updateReason({
        restartDiff: restarts ? restartDiff : [],
        recut,
        moved: found.moved,
        nextStart: nextStart || (parked !== undefined && !isLive && liveDiff.length > 0),
        isUp,
        diff,
        disturbance: restarts ? way.disturbance : undefined,
      }),
      changeClass: restarts ? 'restart' : 'live',
      diff,
      ...(restarts ? context.duration(`restart:${name}`, 'restart') : {}),
      work: {
        verb: 'update',
        spec: isFollowed ? recorded.spec : desired.spec,
        restart: restarts,
        facts: { protect, retain },
        checkpoints,
        describe: describeChanges(context, recorded, checkpoints, name),
        recut,
        ...(nextStart ? { nextStart } : {}),
        ...(isUp ? { isUp } : {}),
        ...(isLive && joins ? { joins } : {}),
        ...(isLive && forwards ? { forwards } : {}),
        ...(found.moved ? { seen: { layer: found.moved, applied: found.applied } } : {}),
      },
    },
    have > 0 && !target ? have - 1 : -1,
  );
}

/** A property of which one description says what was, and another what will be. */
function merged(changes: readonly PropertyChange[]): readonly PropertyChange[] {
  const rows = new Map<string, PropertyChange>();
  for (const change of changes) rows.set(change.property, { ...rows.get(change.property), ...change });
  return [...rows.values()];
}

function isForward({ property }: PropertyChange): boolean {
  return property.startsWith('forward.');
}

/** What the state alone has of the machine. */
function recordedChanges(
  { desired, recorded, have }: MachineWay,
  checkpoints: Readonly<Record<string, string>>,
): readonly PropertyChange[] {
  const { protect, retain } = desired.declaration;
  return propertyDiff(
    { protect: recorded.protect, retain: recorded.retain, checkpoints: Object.keys(recorded.checkpoints).sort() },
    { protect, retain, checkpoints: expectedNames(recorded, checkpoints, desired, have) },
  );
}
