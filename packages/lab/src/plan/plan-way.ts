import { machineRef } from '../resource/resource-ref.ts';
import { stepOf } from './chain.ts';
import { checkpointsUpTo } from './checkpoint-names.ts';
import { firstChange } from './machine-changes.ts';
import type { MachinePlace, RestoreTarget } from './machine-place.ts';
import type { MachineWay } from './machine-way.ts';
import { restoreReason, whyStart } from './plan-reasons.ts';
import { planSteps, planStop } from './plan-steps.ts';
import { planUpdate } from './plan-update.ts';
import { restoreRoad } from './restore-road.ts';
import { wayOn } from './way-on.ts';

/** Update, restore or start, then the steps that are left: each only where it is needed. */
export function planWay(place: MachinePlace, target: RestoreTarget | undefined): void {
  const { context, desired, chain, common, nameless, restartDiff } = place;
  const have = target ? target.applied.length : common;
  const isTemplate = desired.spec.kind === 'template';
  const parts = wayOn(context, chain, have);
  const remaining = parts.flatMap(({ kind, index }) => (kind === 'run' ? (chain[index] ?? []) : []));
  const restarts = restartDiff.length > 0 && !target && !isTemplate;
  const way: MachineWay = { ...place, target, have, remaining, isTemplate, restarts };
  planUpdate(way);
  if (target) planRestore(way, target);
  else planStart(way);
  planSteps(context, desired, have, { had: Math.min(common, nameless + 1) });
  if (isTemplate && wasStarted(way)) planStop(context, desired);
}

function planRestore(way: MachineWay, target: RestoreTarget): void {
  const { context, desired, chain, found, common, nameless, have, remaining, mustGoBack, restartDiff } = way;
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
      reason: restoreReason(context, name, { back: mustGoBack, restore: target, road, remaining, unlayered }),
      changeClass: 'rollback',
      diff: [...firstChange(found.applied, chain, common), ...restartDiff],
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

/** A template needs to run only for its steps. */
function planStart({ context, desired, recorded, observed, have, remaining, isTemplate, restarts }: MachineWay): void {
  const isRunning = observed?.status === 'running' && recorded.ready && !observed.repair;
  if (isRunning || restarts || (isTemplate && remaining.length === 0)) return;
  const { name } = desired.declaration;
  context.add(
    {
      action: 'start',
      resource: machineRef(name),
      reason: isTemplate ? 'steps are to run in it' : whyStart(recorded, observed),
      ...context.duration(`start:${name}`, 'start'),
      work: { verb: 'start', spec: desired.spec },
    },
    have - 1,
  );
}

function wasStarted({ target, remaining, observed }: MachineWay): boolean {
  const isOn = observed?.status === 'running' || observed?.status === 'paused';
  return target !== undefined || remaining.length > 0 || isOn;
}
