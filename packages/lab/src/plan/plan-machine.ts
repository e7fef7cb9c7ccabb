import { type MachineSpec, propertiesWith, shownProperties } from '@goqemu/spec';
import type { ObservedMachine } from '../backend/backend.ts';
import type { PropertyChange } from '../resource/operation.ts';
import { machineRef } from '../resource/resource-ref.ts';
import type { AppliedStep, MachineState } from '../state/lab-state.ts';
import { appliedUpTo, commonLength, firstNameless, lastCut, stepOf } from './chain.ts';
import { checkpointsUpTo, describeChanges, expectedNames } from './checkpoint-names.ts';
import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import { positionOf, takenCheckpointBelow } from './machine-position.ts';
import type { PlanContext } from './plan-context.ts';
import { planImported } from './plan-imported.ts';
import { planMake } from './plan-make.ts';
import { reasonToMakeAnew, restoreReason, updateReason, whyBack, whyStart } from './plan-reasons.ts';
import { planSteps, planStop } from './plan-steps.ts';
import { propertyDiff } from './property-diff.ts';
import { restoreRoad } from './restore-road.ts';
import { wayOn } from './way-on.ts';

/** Decides what a machine of the lab needs: as little as possible, in the order in which it is done. */
export function planMachine(context: PlanContext, desired: DesiredMachine, recorded: MachineState | undefined): void {
  if (!recorded) {
    planMake(context, desired, { reason: 'it is not there yet', discard: false });
    return;
  }
  const { name } = desired.declaration;
  const observed = context.facts.observed.get(name);
  const anew = reasonToMakeAnew(context, desired, recorded, observed);
  if (anew) {
    planMake(context, desired, { ...anew, discard: true, recorded });
    return;
  }
  if (recorded.imported) {
    planImported(context, desired, recorded, observed, restartChanges(recorded.spec, desired.spec, observed));
    return;
  }
  if (recorded.record === null) {
    adoptAgain(context, desired, recorded);
    return;
  }
  if (recorded.applied.length === 0) {
    const reason = 'it was made and has not been ready yet: the apply continues with it';
    planMake(context, desired, { reason, discard: false, resume: true, recorded });
    return;
  }

  const found = positionOf(context, recorded, observed);
  const { chain } = desired;
  const common = commonLength(found.applied, chain);
  const furthest = context.furthestUsable(chain);
  // A name is wanted where the layer has been coalesced: it is made again.
  const nameless = firstNameless(chain, (key) => context.facts.stored.has(key));
  const mustGoBack = found.dirty || found.applied.length > common || nameless < common;
  const manual = mustGoBack ? takenCheckpointBelow(context, recorded, chain.slice(0, nameless)) : undefined;
  const restartDiff = restartChanges(recorded.spec, desired.spec, observed);

  let have = common;
  let restore: { layer: string; applied: readonly AppliedStep[]; reason: string } | undefined;
  if (mustGoBack || furthest >= common) {
    if (desired.spec.kind === 'template' && furthest >= lastCut(chain)) {
      // Only its layers are wanted, and they are there: no machine needs to be started for them.
      planMake(context, desired, { reason: 'its steps have changed', discard: true, recorded });
      return;
    }
    const reason = mustGoBack ? whyBack(found, chain, common, nameless) : 'it is cached';
    if (manual && manual.applied.length > furthest) restore = { ...manual, reason };
    else if (furthest >= 0) {
      restore = { layer: chain[furthest]?.key ?? '', applied: appliedUpTo(chain, furthest), reason };
    } else {
      const change = firstChange(found.applied, chain, common);
      planMake(context, desired, {
        reason: `${reason}, and no layer is left to go back to`,
        discard: true,
        diff: change,
        recorded,
      });
      return;
    }
    have = restore.applied.length;
  }

  const remaining = wayOn(context, chain, have).flatMap(({ kind, index }) =>
    kind === 'run' ? (chain[index] ?? []) : [],
  );
  const had = Math.min(common, nameless + 1);
  const unlayered = chain.slice(have, Math.min(common, nameless)).filter((link) => link.cut);
  const template = desired.spec.kind === 'template';
  const running = observed?.status === 'running' && recorded.ready && !observed.repair;
  const restart = restartDiff.length > 0 && !restore && !template;
  const checkpoints = checkpointsUpTo(context, desired, have);
  const facts = { protect: desired.declaration.protect, retain: desired.declaration.retain };
  const describe = describeChanges(context, recorded, checkpoints, name);
  const diff = [
    ...propertyDiff(
      {
        protect: recorded.protect,
        retain: recorded.retain,
        checkpoints: Object.keys(recorded.checkpoints).sort(),
      },
      { ...facts, checkpoints: expectedNames(recorded, checkpoints, desired, have) },
    ),
    ...(restore ? [] : restartDiff),
  ];
  const recut = recorded.cutting !== undefined && !restore;
  if (diff.length > 0 || recut || found.moved) {
    context.add(
      {
        action: 'update',
        resource: machineRef(name),
        reason: updateReason(restart, restartDiff, recut, found.moved, diff),
        changeClass: restart ? 'restart' : 'live',
        diff,
        ...(restart ? context.duration(`restart:${name}`, 'restart') : {}),
        work: {
          verb: 'update',
          spec: desired.spec,
          restart,
          facts,
          checkpoints,
          describe,
          recut,
          ...(found.moved ? { seen: { layer: found.moved, applied: found.applied } } : {}),
        },
      },
      have > 0 && !restore ? have - 1 : -1,
    );
  }
  if (restore) {
    if (restore.applied.length > common) {
      context.add(
        {
          action: 'reuse',
          resource: machineRef(name),
          ...stepOf(chain[have - 1]),
          reason: `the layers of ${have - common} missing ${have - common === 1 ? 'step' : 'steps'} are cached`,
          work: { verb: 'note' },
        },
        -1,
      );
    }
    const road = restoreRoad(context, name, desired.spec, restore.layer);
    context.add(
      {
        action: 'restore',
        resource: machineRef(name),
        reason: restoreReason(context, name, {
          back: mustGoBack,
          restore,
          road,
          remaining,
          unlayered: unlayered.length,
        }),
        changeClass: 'rollback',
        diff: [...firstChange(found.applied, chain, common), ...restartDiff],
        ...(road.estimateMs === undefined ? {} : { estimateMs: road.estimateMs }),
        work: { verb: 'restore', spec: desired.spec, layer: restore.layer, applied: restore.applied, checkpoints },
      },
      have - 1,
    );
  } else if (!running && !restart && (!template || remaining.length > 0)) {
    context.add(
      {
        action: 'start',
        resource: machineRef(name),
        reason: template ? 'steps are to run in it' : whyStart(recorded, observed),
        ...context.duration(`start:${name}`, 'start'),
        work: { verb: 'start', spec: desired.spec },
      },
      have - 1,
    );
  }
  planSteps(context, desired, have, { had });
  const started =
    restore !== undefined || remaining.length > 0 || observed?.status === 'running' || observed?.status === 'paused';
  if (template && started) planStop(context, desired);
}

/** A template that was never made here: its layers are looked at instead. */
function adoptAgain(context: PlanContext, desired: DesiredMachine, recorded: MachineState): void {
  const { chain, declaration } = desired;
  const last = lastCut(chain);
  const same =
    recorded.applied.length === chain.length &&
    commonLength(recorded.applied, chain) === chain.length &&
    context.furthestUsable(chain) >= last &&
    recorded.protect === declaration.protect &&
    recorded.retain === declaration.retain &&
    JSON.stringify(Object.entries(recorded.checkpoints).sort()) ===
      JSON.stringify(Object.entries(checkpointsUpTo(context, desired, chain.length)).sort());
  if (!same) planMake(context, desired, { reason: 'its steps have changed', discard: false, recorded });
}

/** What differs in the first step that differs. */
function firstChange(
  applied: readonly AppliedStep[],
  chain: readonly ChainLink[],
  common: number,
): readonly PropertyChange[] {
  const before = applied[common];
  const after = chain[common];
  if (!before || !after) return [];
  return propertyDiff({ step: before.name, ...before.summary }, { step: after.name, ...after.summary });
}

function restartChanges(
  before: MachineSpec,
  after: MachineSpec,
  observed: ObservedMachine | undefined,
): readonly PropertyChange[] {
  const restarting = propertiesWith('change', 'restart');
  const declared = propertyDiff(shownProperties(before, restarting), shownProperties(after, restarting));
  if (declared.length > 0 || observed?.status !== 'running') return declared;
  const seen = propertiesWith('observed', true).filter((property) => observed[property] !== undefined);
  return propertyDiff(shownProperties(observed, seen), shownProperties(after, seen));
}
