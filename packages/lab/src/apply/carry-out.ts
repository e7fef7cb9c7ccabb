import { GoqemuError, hasErrorCode, internalError } from '@goqemu/core';
import type { Backend, BackendCall, CutLayer, ResolvedImage } from '../backend/backend.ts';
import type { MachineSpec } from '../machine/machine-spec.ts';
import { ramShape } from '../machine/ram-shape.ts';
import { renamePatch } from '../machine/rename-machine.ts';
import type { Work } from '../plan/work.ts';
import type { SecretVault } from '../secret/secret-vault.ts';
import type { AppliedStep, Capture, LabState, MachineState } from '../state/lab-state.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { pathDigest } from '../step/path-digest.ts';
import { type LateValues, resolveStep } from '../step/resolve-step.ts';
import type { ResolvedStep, StepResult } from '../step/resolved-step.ts';

/** What carrying out an operation needs. */
export interface ApplyContext {
  readonly backend: Backend;
  readonly writer: StateWriter;
  readonly vault: SecretVault;
  readonly call: BackendCall;
  readonly now: () => number;
  /** When the plan was made: what enters the keys of steps that do not keep. */
  readonly plannedAt: number;
  /** Layers that operations still to come start from. */
  readonly origins: () => ReadonlySet<string>;
}

type WorkOf<Verb extends Work['verb']> = Extract<Work, { verb: Verb }>;

/** Does what an operation says, each act between a begin and an end in the journal. */
export async function carryOut(context: ApplyContext, id: string, machine: string, work: Work): Promise<void> {
  switch (work.verb) {
    case 'note':
      return;
    case 'adopt':
      return adopt(context, id, machine, work);
    case 'make':
      return make(context, id, machine, work);
    case 'start':
      return start(context, id, machine, work.spec);
    case 'stop':
      return stop(context, id, machine);
    case 'update':
      return update(context, id, machine, work);
    case 'restore':
      return restore(context, id, machine, work);
    case 'step':
      return runStep(context, id, machine, work);
    case 'rename':
      return context.writer.end(id, renamePatch(context.writer.state, { from: work.from, to: machine }));
    case 'delete':
      return work.forget
        ? context.writer.end(id, { machines: { [machine]: null } })
        : deleteMachine(context, id, machine);
  }
}

function stateOf(context: ApplyContext, machine: string): MachineState {
  const found = context.writer.state.machines[machine];
  if (!found) throw internalError(`${machine} is not in the state`);
  return found;
}

function recordOf(machine: MachineState): Readonly<Record<string, unknown>> {
  return machine.record ?? {};
}

async function adopt(context: ApplyContext, id: string, name: string, work: WorkOf<'adopt'>): Promise<void> {
  if (work.discard) await deleteMachine(context, id, name);
  const { spec, image, base, applied, checkpoints, facts } = work;
  const layer = Object.values(checkpoints).at(-1) ?? applied.at(-1)?.key ?? null;
  await context.writer.end(id, {
    machines: {
      [name]: {
        name,
        spec,
        image,
        record: null,
        base,
        applied,
        layer,
        phase: 'made',
        ready: true,
        dirty: false,
        checkpoints,
        ...facts,
      },
    },
  });
}

async function make(context: ApplyContext, id: string, name: string, work: WorkOf<'make'>): Promise<void> {
  const { backend, writer, call } = context;
  const { spec } = work;
  const began = context.now();
  if (work.discard) await deleteMachine(context, id, name);
  if (work.resume) {
    const before = stateOf(context, name);
    await writer.begin(id, {
      machines: { [name]: { ...before, name, spec, ready: false, ...work.facts } },
    });
  } else {
    const fresh: MachineState = {
      name,
      spec,
      image: work.image,
      record: {},
      base: work.base,
      applied: [],
      layer: null,
      phase: 'making',
      ready: false,
      dirty: false,
      checkpoints: {},
      ...work.facts,
    };
    await writer.begin(id, { machines: { [name]: fresh } });
    const origin =
      'image' in work.origin
        ? { image: await plannedImage(context, work.origin.image, spec, work.image.key) }
        : work.origin;
    const record = await backend.create(spec, origin, call);
    const layer = 'layer' in work.origin ? work.origin.layer : null;
    await writer.note({
      machines: {
        [name]: {
          ...fresh,
          record,
          phase: 'made',
          applied: work.applied,
          layer,
          checkpoints: layer === null ? {} : work.checkpoints,
        },
      },
      ...touchLayer(context, layer),
    });
  }
  const made = stateOf(context, name);
  const record = await backend.start(spec, recordOf(made), call);
  const started: MachineState = { ...made, record, ready: true };
  if (started.applied.length > 0) {
    await writer.end(id, {
      machines: { [name]: started },
      durations: { [`make:${name}:layer`]: context.now() - began, 'make:layer': context.now() - began },
    });
    return;
  }
  await writer.note({ machines: { [name]: started } });
  const { key } = work.first;
  const cut = await backend.cutLayer(
    { machine: spec, record, key, ram: true, descriptions: work.firstDescriptions },
    call,
  );
  await writer.end(id, {
    machines: {
      [name]: { ...started, record: cut.record, applied: [work.first], layer: key, checkpoints: work.checkpoints },
    },
    layers: { [key]: { machine: name, parent: null, shape: ramShape(spec), usedAt: context.now() } },
    durations: { [`make:${name}:image`]: context.now() - began, 'make:image': context.now() - began },
  });
}

async function deleteMachine(context: ApplyContext, id: string, name: string): Promise<void> {
  const machine = stateOf(context, name);
  const began = context.now();
  if (machine.record !== null) {
    await context.writer.begin(id, { machines: { [name]: { ...machine, phase: 'deleting' } } });
    await context.backend.delete(machine.spec, machine.record, context.call);
  }
  await context.writer.end(id, { machines: { [name]: null }, durations: { delete: context.now() - began } });
}

async function start(context: ApplyContext, id: string, name: string, spec: MachineSpec): Promise<void> {
  const machine = stateOf(context, name);
  const began = context.now();
  await context.writer.begin(id, { machines: { [name]: { ...machine, ready: false } } });
  const record = await context.backend.start(spec, recordOf(machine), context.call);
  await context.writer.end(id, {
    machines: { [name]: { ...stateOf(context, name), spec, record, ready: true } },
    durations: took(context, 'start', name, began),
  });
}

async function stop(context: ApplyContext, id: string, name: string): Promise<void> {
  const machine = stateOf(context, name);
  const began = context.now();
  const record = await context.backend.stop(machine.spec, recordOf(machine), context.call);
  await context.writer.end(id, {
    machines: { [name]: { ...stateOf(context, name), record } },
    durations: took(context, 'stop', name, began),
  });
}

async function update(context: ApplyContext, id: string, name: string, work: WorkOf<'update'>): Promise<void> {
  const { backend, writer, call } = context;
  const before = stateOf(context, name);
  const { cutting, ...rest } = before;
  let machine: MachineState = { ...rest, name, ...work.facts, ...(work.seen ?? {}) };
  if (work.recut && cutting) {
    const { layer } = machine;
    const cut = await backend.cutLayer(
      {
        machine: machine.spec,
        record: recordOf(machine),
        key: cutting.key,
        ram: true,
        descriptions: cutting.descriptions,
        ...(layer === null || layer === cutting.key ? {} : { parent: layer }),
      },
      call,
    );
    machine = { ...machine, record: cut.record, layer: cutting.key };
  }
  for (const { layer, descriptions } of work.describe) await backend.describeLayer(layer, descriptions, call);
  machine = { ...machine, checkpoints: work.checkpoints };
  if (work.restart) {
    const began = context.now();
    await writer.begin(id, { machines: { [name]: { ...machine, ready: false } } });
    const stopped = await backend.stop(before.spec, recordOf(machine), call);
    const record = await backend.start(work.spec, stopped, call);
    machine = { ...machine, record, spec: work.spec, ready: true };
    await writer.end(id, { machines: { [name]: machine }, durations: took(context, 'restart', name, began) });
    return;
  }
  // A machine that is not restarted here keeps running as it is: its new shape counts from its next start.
  const spec = work.spec.kind === 'template' ? work.spec : machine.spec;
  await writer.end(id, { machines: { [name]: { ...machine, spec } } });
}

async function restore(context: ApplyContext, id: string, name: string, work: WorkOf<'restore'>): Promise<void> {
  const began = context.now();
  await restoreTo(context, id, name, work.spec, work.layer, work.applied, work.checkpoints);
  await context.writer.note({ durations: took(context, 'restore', name, began) });
}

async function restoreTo(
  context: ApplyContext,
  id: string,
  name: string,
  spec: MachineSpec,
  layer: string,
  applied: readonly AppliedStep[],
  checkpoints: Readonly<Record<string, string>>,
): Promise<void> {
  // A checkpoint that was cut off is given up: the disk goes back below it.
  const { cutting: _cutting, above: _above, ...machine } = stateOf(context, name);
  await context.writer.begin(id, { machines: { [name]: { ...machine, dirty: true } } });
  const record = await context.backend.restore(spec, recordOf(machine), layer, context.call);
  await context.writer.end(id, {
    machines: { [name]: { ...machine, spec, record, layer, applied, checkpoints, dirty: false, ready: true } },
    ...touchLayer(context, layer),
  });
}

async function runStep(context: ApplyContext, id: string, name: string, work: WorkOf<'step'>): Promise<void> {
  const { backend, writer, call } = context;
  const { above: _above, ...before } = stateOf(context, name);
  const pure = work.step.kind === 'waitFor';
  const began = context.now();
  const step = await resolveStep(work.step, lateValues(context));
  await checkSource(work);
  if (!pure || work.cut) await writer.begin(id, { machines: { [name]: { ...before, dirty: true } } });
  try {
    const result = await runQuietly(context, work.spec, before, step);
    const captured = await keepCapture(context, work, result.stdout);
    const applied = [...before.applied, work.applied];
    const durations = { [`step:${name}/${step.name}`]: context.now() - began };
    const runs = work.timed === undefined ? {} : { runs: { [work.timed]: context.plannedAt } };
    if (!work.cut) {
      const named = Object.fromEntries(
        work.checkpoints.map((one) => [
          one,
          writer.state.layers[work.applied.key] ? work.applied.key : (before.layer ?? ''),
        ]),
      );
      const checkpoints = { ...before.checkpoints, ...named };
      await writer.end(id, {
        machines: { [name]: { ...before, applied, checkpoints, dirty: false } },
        durations,
        ...runs,
        ...captured,
      });
      return;
    }
    const { key } = work.applied;
    const cut: CutLayer = {
      machine: work.spec,
      record: recordOf(before),
      key,
      ram: true,
      descriptions: work.descriptions,
      ...(before.layer === null ? {} : { parent: before.layer }),
      ...(canGiveUpRam(context, name, before) && before.layer !== null ? { supersedes: before.layer } : {}),
    };
    const { record } = await backend.cutLayer(cut, call);
    const checkpoints = { ...before.checkpoints, ...Object.fromEntries(work.checkpoints.map((one) => [one, key])) };
    await writer.end(id, {
      machines: { [name]: { ...before, record, applied, layer: key, checkpoints, dirty: false } },
      layers: { [key]: { machine: name, parent: before.layer, shape: ramShape(work.spec), usedAt: context.now() } },
      durations,
      ...runs,
    });
  } catch (error) {
    // Cut off by the second interrupt: nothing more is asked of the machine, the next plan settles it.
    if (call.signal.aborted) throw error;
    throw await goBack(context, id, name, work, before, error);
  }
}

/** Runs a step; one whose output is a secret tells nothing of it, not even when it fails. */
async function runQuietly(
  context: ApplyContext,
  spec: MachineSpec,
  machine: MachineState,
  step: ResolvedStep,
): Promise<StepResult> {
  const { backend, call } = context;
  if (!step.secretOutput) return backend.runStep(spec, recordOf(machine), step, call);
  const quiet: BackendCall = {
    ...call,
    progress: (event) => {
      if (event.kind !== 'output') call.progress(event);
    },
  };
  try {
    return await backend.runStep(spec, recordOf(machine), step, quiet);
  } catch (error) {
    if (!hasErrorCode(error, 'step-failed')) throw error;
    const { command, exitCode } = error.data;
    throw new GoqemuError({
      code: error.code,
      source: error.source,
      message: error.message,
      detail: 'its output is a secret and is not shown',
      data: { command, exitCode },
      ...(error.subject === undefined ? {} : { subject: error.subject }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

/** A failed step leaves the machine at the layer before it. */
async function goBack(
  context: ApplyContext,
  id: string,
  name: string,
  work: WorkOf<'step'>,
  before: MachineState,
  error: unknown,
): Promise<unknown> {
  if (work.step.kind === 'waitFor') {
    await context.writer.end(id, { machines: { [name]: { ...before, dirty: false } } });
    return error;
  }
  if (before.layer === null) return error;
  const { layer } = before;
  const taken = Object.values(context.writer.state.checkpoints)
    .map((checkpoint) => checkpoint.machines[name])
    .find((machine) => machine?.layer === layer);
  const onLayer = before.applied.findIndex((step) => step.key === layer);
  try {
    const applied = taken?.applied ?? before.applied.slice(0, onLayer + 1);
    await restoreTo(context, id, name, work.spec, before.layer, applied, before.checkpoints);
  } catch (second) {
    context.call.progress({
      kind: 'notice',
      code: 'rollback-failed',
      message: `${name} could not be taken back to the layer before ${work.step.name}; the next apply will try again: ${second instanceof Error ? second.message : String(second)}`,
    });
  }
  return error;
}

/** What was uploaded must be what was planned. */
async function checkSource(work: WorkOf<'step'>): Promise<void> {
  if (work.step.kind !== 'upload') return;
  const { source, digest } = work.step;
  if ((await pathDigest(source)) === digest) return;
  throw new GoqemuError({
    code: 'source-changed',
    source: 'user',
    subject: work.step.name,
    message: `${source} has changed since the plan was made`,
    hint: 'plan again',
  });
}

/** Captured output is kept before the layer that it belongs to is cut, or a cached layer could come without it. */
async function keepCapture(
  context: ApplyContext,
  work: WorkOf<'step'>,
  stdout: string,
): Promise<{ captures?: LabState['captures'] }> {
  if (work.step.kind !== 'run' || !work.step.capture) return {};
  const value = stdout.replace(/\r?\n$/, '');
  const { key } = work.applied;
  let capture: Capture = { value };
  if (work.step.capture.secret) {
    capture = { encrypted: await context.vault.encrypt(key, value) };
    await context.vault.saveKey();
  }
  const captures = { [key]: capture };
  await context.writer.note({ captures });
  return { captures };
}

/** The RAM of the layer below is given up unless it has a name, begins the chain, or somebody else stands on it. */
function canGiveUpRam(context: ApplyContext, name: string, machine: MachineState): boolean {
  const { layer } = machine;
  if (layer === null || machine.applied[0]?.key === layer || context.origins().has(layer)) return false;
  const { state } = context.writer;
  if (state.layers[layer]?.machine !== name) return false;
  if (
    Object.values(state.checkpoints).some((one) => Object.values(one.machines).some((taken) => taken.layer === layer))
  )
    return false;
  return !Object.values(state.machines).some(
    (other) => Object.values(other.checkpoints).includes(layer) || (other.name !== name && other.layer === layer),
  );
}

export function lateValues(context: Pick<ApplyContext, 'writer' | 'vault'>): LateValues {
  return {
    capture: async (key) => {
      const capture = context.writer.state.captures[key];
      if (!capture) throw internalError(`the output of layer ${key} was not kept`);
      if ('value' in capture) return { value: capture.value, secret: false };
      return { value: await context.vault.decrypt(key, capture.encrypted), secret: true };
    },
    secret: (part) => context.vault.value(part.secret, part.from, context.writer.state),
  };
}

function touchLayer(context: ApplyContext, key: string | null): { layers?: LabState['layers'] } {
  const note = key === null ? undefined : context.writer.state.layers[key];
  return note && key !== null ? { layers: { [key]: { ...note, usedAt: context.now() } } } : {};
}

function took(context: ApplyContext, what: string, name: string, began: number): Record<string, number> {
  const milliseconds = context.now() - began;
  return { [what]: milliseconds, [`${what}:${name}`]: milliseconds };
}

/** The keys of the plan's layers hold the image's: another image would be cached under a false name. */
async function plannedImage(
  { backend, call }: Pick<ApplyContext, 'backend' | 'call'>,
  planned: ResolvedImage,
  spec: MachineSpec,
  key: string,
): Promise<ResolvedImage> {
  const image = await backend.ensureImage(planned, spec.arch, call);
  if (image.key === key) return image;
  throw new GoqemuError({
    code: 'plan-stale',
    source: 'user',
    subject: spec.name,
    message: `the plan is stale: ${planned.reference} has become another image since it was made`,
    hint: 'plan again',
    data: { planned: key, found: image.key },
  });
}
