import { type MachineSpec, pickProperties, ramShape, ramShapeProperties } from '@goqemu/spec';
import { parkedAs } from '../power/parked.ts';
import { machineRef } from '../resource/resource-ref.ts';
import { stepOf } from './chain.ts';
import { checkpointsUpTo } from './checkpoint-names.ts';
import { firstChange, liveChanges } from './machine-changes.ts';
import { isReady, type MachinePlace, type RestoreTarget } from './machine-place.ts';
import type { MachineWay } from './machine-way.ts';
import { restoreReason, whyStart, whyWakeUp } from './plan-reasons.ts';
import { planSteps, planStop } from './plan-steps.ts';
import { planUpdate } from './plan-update.ts';
import { restoreRoad } from './restore-road.ts';
import { wayOn } from './way-on.ts';

/** Update, restore or start, then the steps that are left: each only where it is needed. */
export function planWay(place: MachinePlace, target: RestoreTarget | undefined): void {
  const { context, desired, chain, common, nameless } = place;
  const have = target ? target.applied.length : common;
  const isTemplate = desired.spec.kind === 'template';
  const parts = wayOn(context, chain, have);
  const remaining = parts.flatMap(({ kind, index }) => (kind === 'run' ? (chain[index] ?? []) : []));
  const parked = isTemplate ? undefined : parkedAs(place.recorded, place.observed);
  const recut = place.recorded.cutting !== undefined && !target;
  const isRunning = place.observed?.status === 'running';
  const disturbance = isRunning ? context.facts.disturbed.get(desired.declaration.name) : undefined;
  const begun = { ...place, target, have, remaining, isTemplate, parked, recut, disturbance };
  const way: MachineWay = { ...begun, restarts: takesRestart(begun) };
  if (way.restarts) planWakeUp(way);
  planUpdate(way);
  if (target) planRestore(way, target);
  else planStart(way);
  planSteps(context, desired, have, { had: Math.min(common, nameless + 1) });
  if (isTemplate && wasStarted(way)) planStop(context, desired);
}

function planRestore(way: MachineWay, target: RestoreTarget): void {
  const { context, desired, recorded, chain, found, common, nameless, have, remaining, parked, mustGoBack } = way;
  const { restartDiff } = way;
  const { name } = desired.declaration;
  if (have > common) {
    const reason = `the layers of ${have - common} missing ${have - common === 1 ? 'step' : 'steps'} are cached`;
    const resource = machineRef(name);
    context.add({ action: 'reuse', resource, ...stepOf(chain[have - 1]), reason, work: { verb: 'note' } }, -1);
  }
  const { layer, applied } = target;
  const road = restoreRoad(context, name, desired.spec, layer);
  const unlayered = chain.slice(have, Math.min(common, nameless)).filter((link) => link.cut).length;
  context.add(
    {
      action: 'restore',
      resource: machineRef(name),
      reason: restoreReason(context, name, { back: mustGoBack, restore: target, road, remaining, unlayered, parked }),
      changeClass: 'rollback',
      diff: [
        ...firstChange(found.applied, chain, common),
        ...liveChanges(recorded.spec, desired.spec, context.facts),
        ...restartDiff,
      ],
      ...(road.estimateMs === undefined ? {} : { estimateMs: road.estimateMs }),
      work: {
        verb: 'restore',
        spec: desired.spec,
        layer,
        applied,
        checkpoints: checkpointsUpTo(context, desired, have),
      },
    },
    have - 1,
  );
}

/** What changes only with a restart waits for the next start of a machine that does not run, unless its RAM would not fit. */
function takesRestart({
  desired,
  recorded,
  restartDiff,
  target,
  isTemplate,
  parked,
  recut,
  disturbance,
}: Omit<MachineWay, 'restarts'>) {
  if (target || isTemplate) return false;
  if (disturbance !== undefined) return true;
  if (restartDiff.length === 0) return false;
  if (parked === undefined || parked === 'paused' || recut) return true;
  return parked === 'suspended' && ramShape(recorded.spec) !== ramShape(desired.spec);
}

/** A guest that stands still would lose what it has in memory: it runs again before it is shut down. */
function planWakeUp(way: MachineWay): void {
  const { desired, recorded, parked, recut } = way;
  if (parked === undefined || parked === 'stopped' || recut) return;
  const spec = { ...desired.spec, ...pickProperties(recorded.spec, ramShapeProperties) };
  addStart(way, spec, whyWakeUp(way, parked));
}

/** A template needs to run only for its steps, and a machine that stands still on purpose only for work. */
function planStart(way: MachineWay): void {
  const { context, desired, recorded, observed, remaining, isTemplate, parked, recut, restarts } = way;
  if (isReady(recorded, observed) || restarts || (isTemplate && remaining.length === 0)) return;
  if (parked && !context.facts.start && !recut && remaining.length === 0) return;
  const why = parked ? whyWakeUp(way, parked) : whyStart(recorded, observed);
  addStart(way, desired.spec, isTemplate ? 'steps are to run in it' : why);
}

function addStart({ context, desired, have, observed }: MachineWay, spec: MachineSpec, reason: string): void {
  const { name } = desired.declaration;
  const action = observed?.status === 'suspended' && !observed.reason ? 'resume' : 'start';
  context.add(
    {
      action,
      resource: machineRef(name),
      reason,
      ...context.duration(`${action}:${name}`, action),
      work: { verb: 'start', spec },
    },
    have - 1,
  );
}

function wasStarted(way: MachineWay): boolean {
  return way.target !== undefined || way.remaining.length > 0 || isOn(way);
}

function isOn({ observed }: Pick<MachinePlace, 'observed'>): boolean {
  return observed?.status === 'running' || observed?.status === 'paused';
}
