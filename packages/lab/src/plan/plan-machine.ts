import { formatByteSize, formatDuration } from '@goqemu/core';
import type { ObservedMachine } from '../backend/backend.ts';
import type { MachineSpec } from '../machine/machine-spec.ts';
import type { AppliedStep, MachineState } from '../state/lab-state.ts';
import { appliedUpTo, checkpointsUpTo, commonLength, lastCut } from './chain.ts';
import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import type { PropertyChange } from './operation.ts';
import type { PlanContext } from './plan-context.ts';
import { planMake } from './plan-make.ts';
import { planSteps, planStop } from './plan-steps.ts';
import { propertyDiff } from './property-diff.ts';

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
  if (recorded.record === null) {
    adoptAgain(context, desired, recorded);
    return;
  }
  if (recorded.applied.length === 0) {
    const reason = 'it has not been ready yet';
    planMake(context, desired, { reason, discard: false, resume: true, recorded });
    return;
  }

  const found = positionOf(context, recorded, observed);
  const { chain } = desired;
  const common = commonLength(found.applied, chain);
  const furthest = context.furthestUsable(chain);
  const mustGoBack = found.dirty || found.applied.length > common;
  const manual = mustGoBack ? takenCheckpointBelow(context, recorded, chain) : undefined;
  const restartDiff = restartChanges(recorded.spec, desired.spec, observed);

  let have = common;
  let restore: { layer: string; applied: readonly AppliedStep[]; reason: string } | undefined;
  if (mustGoBack || furthest >= common) {
    const reason = mustGoBack ? whyBack(found, chain, common) : 'it is cached';
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

  const remaining = chain.slice(have);
  const template = desired.spec.kind === 'template';
  const running = observed?.status === 'running' && recorded.ready;
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
        resource: name,
        machine: name,
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
          resource: `${name}/${chain[have - 1]?.name}`,
          machine: name,
          reason: `the layers of ${have - common} missing ${have - common === 1 ? 'step' : 'steps'} are cached`,
          work: { verb: 'note' },
        },
        -1,
      );
    }
    context.add(
      {
        action: 'restore',
        resource: name,
        machine: name,
        reason: restoreReason(context, name, mustGoBack, restore, remaining),
        changeClass: 'rollback',
        diff: [...firstChange(found.applied, chain, common), ...restartDiff],
        ...context.duration(`restore:${name}`, 'restore'),
        work: { verb: 'restore', spec: desired.spec, layer: restore.layer, applied: restore.applied, checkpoints },
      },
      have - 1,
    );
  } else if (!running && !restart && (!template || remaining.length > 0)) {
    context.add(
      {
        action: 'start',
        resource: name,
        machine: name,
        reason: template ? 'steps are to run in it' : whyStart(recorded, observed),
        ...context.duration(`start:${name}`, 'start'),
        work: { verb: 'start', spec: desired.spec },
      },
      have - 1,
    );
  }
  planSteps(context, desired, have);
  const started =
    restore !== undefined || remaining.length > 0 || observed?.status === 'running' || observed?.status === 'paused';
  if (template && started) planStop(context, desired);
}

function reasonToMakeAnew(
  context: PlanContext,
  desired: DesiredMachine,
  recorded: MachineState,
  observed: ObservedMachine | undefined,
): { reason: string; diff?: readonly PropertyChange[] } | undefined {
  if (context.facts.replace.has(desired.declaration.name)) return { reason: 'replacing it was asked for' };
  if (recorded.phase === 'making') return { reason: 'making it was cut off' };
  if (recorded.phase === 'deleting') return { reason: 'replacing it was cut off' };
  if (recorded.spec.kind !== desired.spec.kind) return { reason: `it becomes a ${desired.spec.kind}` };
  const base = desired.chain[0];
  if (base && recorded.base !== base.key) {
    const before = recorded.applied[0]?.summary ?? {
      image: recorded.image.reference,
      disk: recorded.spec.disk,
      arch: recorded.spec.arch,
      firmware: recorded.spec.firmware,
      user: recorded.spec.user,
    };
    const diff = propertyDiff(before, base.summary);
    return { reason: recreateReason(diff), diff };
  }
  if (recorded.record !== null && (observed?.status === 'absent' || observed?.status === 'damaged' || !observed)) {
    return { reason: `its disk is gone or damaged${observed?.reason ? `: ${observed.reason}` : ''}` };
  }
  return undefined;
}

function recreateReason(diff: readonly PropertyChange[]): string {
  const [first] = diff;
  if (!first) return 'recreate: the image has changed';
  if (first.property === 'disk' && typeof first.before === 'number' && typeof first.after === 'number') {
    const verb = first.after > first.before ? 'grows' : 'shrinks';
    return `recreate: the disk ${verb} from ${formatByteSize(first.before)} to ${formatByteSize(first.after)}`;
  }
  return `recreate: ${first.property} changes from ${String(first.before)} to ${String(first.after)}`;
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

interface Position {
  readonly applied: readonly AppliedStep[];
  readonly dirty: boolean;
  /** Why the machine has to go back although the lab has not changed. */
  readonly reason?: string;
  /** The layer that it was moved to behind our back, when that one is known. */
  readonly moved?: string;
}

/** What a machine really has behind it. */
function positionOf(context: PlanContext, recorded: MachineState, observed: ObservedMachine | undefined): Position {
  const onLayer = recorded.applied.findIndex((step) => step.key === recorded.layer);
  if (recorded.dirty) {
    return { applied: recorded.applied.slice(0, onLayer + 1), dirty: true, reason: 'a step was cut off or failed' };
  }
  const layer = observed?.layer;
  if (layer === undefined || layer === recorded.layer || layer === recorded.cutting?.key) {
    return { applied: recorded.applied, dirty: false };
  }
  const index = recorded.applied.findIndex((step) => step.key === layer);
  const taken = Object.values(context.facts.state.checkpoints)
    .map((checkpoint) => checkpoint.machines[recorded.name])
    .find((machine) => machine?.layer === layer);
  const reason = 'it was restored behind our back';
  if (taken) return { applied: taken.applied, dirty: false, reason, moved: layer };
  if (index >= 0) return { applied: recorded.applied.slice(0, index + 1), dirty: false, reason, moved: layer };
  return { applied: recorded.applied.slice(0, onLayer + 1), dirty: true, reason };
}

/** A machine that stands on a checkpoint by hand goes back to that, as far as the lab still has what is below. */
function takenCheckpointBelow(
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

function whyBack(found: Position, chain: readonly ChainLink[], common: number): string {
  if (found.applied.length > common) {
    const gone = found.applied[common]?.name;
    const now = chain[common]?.name;
    if (now === undefined) return `"${gone}" is no longer in the lab`;
    return gone === now ? `"${now}" has changed` : `"${now}" comes where "${gone}" was`;
  }
  return found.reason ?? 'a step was cut off';
}

function whyStart(recorded: MachineState, observed: ObservedMachine | undefined): string {
  if (observed?.status === 'running') return 'its start was cut off';
  if (observed?.status === 'paused') return 'it was paused behind our back';
  if (observed?.status === 'crashed') return `it has died${observed.reason ? `: ${observed.reason}` : ''}`;
  return recorded.ready ? 'it is not running' : 'it has not been started';
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
  const facts = (spec: MachineSpec) => ({
    memory: spec.memory,
    cpus: spec.cpus,
    accelerator: spec.accelerator,
    hostname: spec.identity.hostname,
    sshPort: spec.identity.sshPort,
    forwards: spec.forwards,
  });
  const declared = propertyDiff(facts(before), facts(after));
  if (declared.length > 0 || observed?.status !== 'running') return declared;
  return propertyDiff(
    { memory: observed.memory ?? after.memory, cpus: observed.cpus ?? after.cpus },
    { memory: after.memory, cpus: after.cpus },
  );
}

function updateReason(
  restart: boolean,
  restartDiff: readonly PropertyChange[],
  recut: boolean,
  moved: string | undefined,
  diff: readonly PropertyChange[],
): string {
  const names = restartDiff.map((change) => change.property).join(', ');
  if (restart) return `restart: ${names} ${restartDiff.length === 1 ? 'changes' : 'change'}`;
  if (recut) return 'a checkpoint was cut off while it was taken';
  if (moved && diff.length === 0) return 'it was restored behind our back';
  return `${diff.map((change) => change.property).join(', ')} ${diff.length === 1 ? 'changes' : 'change'}`;
}

/** Names that the update itself accounts for; those of steps still to run come with these. */
function expectedNames(
  recorded: MachineState,
  checkpoints: Readonly<Record<string, string>>,
  desired: DesiredMachine,
  have: number,
): readonly string[] {
  const later = new Set(desired.chain.slice(have).flatMap((link) => link.checkpoints));
  const kept = Object.keys(recorded.checkpoints).filter((name) => later.has(name));
  return [...new Set([...Object.keys(checkpoints), ...kept])].sort();
}

function describeChanges(
  context: PlanContext,
  recorded: MachineState,
  checkpoints: Readonly<Record<string, string>>,
  name: string,
): readonly { layer: string; descriptions: readonly string[] }[] {
  const { stored } = context.facts;
  const changes: { layer: string; descriptions: readonly string[] }[] = [];
  for (const [checkpoint, layer] of Object.entries(recorded.checkpoints)) {
    const descriptions = stored.get(layer)?.descriptions ?? [];
    if (checkpoints[checkpoint] === layer || descriptions[0] !== checkpoint || descriptions[1] !== recorded.name)
      continue;
    if (!Object.values(checkpoints).includes(layer)) changes.push({ layer, descriptions: [] });
  }
  for (const [checkpoint, layer] of Object.entries(checkpoints)) {
    if (recorded.checkpoints[checkpoint] === layer) continue;
    const descriptions = stored.get(layer)?.descriptions ?? [];
    if (descriptions.length === 0 || descriptions[1] === recorded.name)
      changes.push({ layer, descriptions: [checkpoint, name] });
  }
  return changes;
}

/** `roll back to the layer after "one", run 2 steps again, about 12 s: "two" has changed`. */
function restoreReason(
  context: PlanContext,
  name: string,
  back: boolean,
  restore: { readonly applied: readonly AppliedStep[]; readonly reason: string },
  remaining: readonly ChainLink[],
): string {
  const times = [
    context.duration(`restore:${name}`, 'restore').estimateMs,
    ...remaining.map((link) => context.duration(`step:${name}/${link.name}`).estimateMs),
  ];
  const known = times.filter((time) => time !== undefined);
  const about =
    known.length === times.length ? `, about ${formatDuration(known.reduce((sum, time) => sum + time, 0))}` : '';
  const steps = remaining.length === 1 ? 'run 1 step again' : `run ${remaining.length} steps again`;
  const where = `${back ? 'roll back' : 'go on'} to the layer ${layerName(restore.applied)}`;
  return `${where}${remaining.length === 0 ? '' : `, ${steps}`}${about}: ${restore.reason}`;
}

function layerName(applied: readonly AppliedStep[]): string {
  return applied.length <= 1 ? 'before the first step' : `after "${applied.at(-1)?.name}"`;
}
