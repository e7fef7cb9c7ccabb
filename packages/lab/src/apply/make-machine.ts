import { changedError, GoqemuError, isGoqemuError } from '@goqemu/core';
import type { MachineSpec } from '@goqemu/spec';
import { ramShape } from '@goqemu/spec';
import type { BackendRecord, MachineOrigin, ResolvedImage } from '../backend/backend.ts';
import { cutLayer } from '../backend/cut-layer.ts';
import { checkDiskSize } from '../plan/disk-size.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { MachineState, StatePatch } from '../state/lab-state.ts';
import { claimNamed, claimOrigin } from './claim-layers.ts';
import { deleteMachine } from './delete-machine.ts';
import { awake, recordOf, stateOf, took, touchLayer, type WorkOf } from './machine-state.ts';
import { watchRoad } from './watch-road.ts';

export async function adopt(context: ApplyContext, id: string, name: string, work: WorkOf<'adopt'>): Promise<void> {
  const { spec, image, base, applied, checkpoints, facts } = work;
  await context.backend.claimLayers(
    applied.map(({ key }) => key),
    context.call,
  );
  await claimNamed(context, checkpoints);
  if (work.discard) await deleteMachine(context, id, name);
  const layer = Object.values(checkpoints).at(-1) ?? applied.at(-1)?.key ?? null;
  await context.writer.end(id, {
    resources: {
      machine: {
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
    },
  });
}

/** Makes the machine, or continues with one that was made and has not been ready: then its first layer is cut. */
export async function make(context: ApplyContext, id: string, name: string, work: WorkOf<'make'>): Promise<void> {
  const { writer, call } = context;
  const began = context.now();
  const origin = work.resume ? undefined : await provenOrigin(context, work);
  if (work.discard) await deleteMachine(context, id, name);
  if (origin) await makeFresh(context, { id, name, origin }, work);
  else {
    const { spec, facts } = work;
    const again = { ...awake(stateOf(context, name)), name, spec, ready: false, ...facts };
    await writer.begin(id, { resources: { machine: { [name]: again } } });
  }
  const made = stateOf(context, name);
  const watched = watchRoad(call);
  const record = await startMade({ ...context, call: watched.call }, work.spec, made);
  const started: MachineState = { ...made, record, ready: true };
  if (started.applied.length > 0) {
    await writer.end(id, {
      resources: { machine: { [name]: started } },
      durations: took(context, { what: 'make:layer', name, road: watched.road(), began }),
    });
    return;
  }
  await writer.note({ resources: { machine: { [name]: started } } });
  const first = await cutFirstLayer(context, started, work);
  await writer.end(id, { ...first, durations: took(context, { what: 'make:image', name, began }) });
}

/** Makes its disk; the journal has it before, so that a crash leaves nothing unknown. */
async function makeFresh(
  context: ApplyContext,
  { id, name, origin }: { readonly id: string; readonly name: string; readonly origin: MachineOrigin },
  work: WorkOf<'make'>,
): Promise<void> {
  const { backend, writer, call } = context;
  const { spec } = work;
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
  await writer.begin(id, { resources: { machine: { [name]: fresh } } });
  const record = await backend.create(spec, origin, call);
  const layer = 'layer' in work.origin ? work.origin.layer : null;
  if (layer !== null) await claimNamed(context, work.checkpoints);
  const checkpoints = layer === null ? {} : work.checkpoints;
  const made: MachineState = { ...fresh, record, phase: 'made', applied: work.applied, layer, checkpoints };
  await writer.note({ resources: { machine: { [name]: made } }, ...touchLayer(context, layer) });
}

/** The machine, ready and before any step. */
async function cutFirstLayer(
  { backend, call, now }: ApplyContext,
  machine: MachineState,
  { spec, first, firstDescriptions: descriptions, checkpoints }: WorkOf<'make'>,
): Promise<Pick<StatePatch, 'resources' | 'layers'>> {
  const { name } = machine;
  const { key } = first;
  const { record, layer } = await cutLayer(
    backend,
    { machine: spec, record: recordOf(machine), key, ram: true, descriptions },
    call,
  );
  return {
    resources: { machine: { [name]: { ...machine, record, applied: [first], layer: key, checkpoints } } },
    layers: { [key]: { machine: name, parent: null, shape: ramShape(spec), bytes: layer.bytes, usedAt: now() } },
  };
}

/** What a machine is made from, known to be there before an earlier machine is given up for it. */
async function provenOrigin(context: ApplyContext, { origin, spec, image }: WorkOf<'make'>): Promise<MachineOrigin> {
  if ('image' in origin) return { image: await plannedImage(context, origin.image, spec, image.key) };
  await claimOrigin(context, origin.layer);
  return origin;
}

/** A machine that did not become ready is kept as it is: the next apply waits for it again. */
async function startMade(
  { backend, call }: ApplyContext,
  spec: MachineSpec,
  made: MachineState,
): Promise<BackendRecord> {
  try {
    return await backend.start(spec, recordOf(made), call);
  } catch (error) {
    if (!isGoqemuError(error) || call.signal.aborted) throw error;
    const kept = 'the machine is kept, and the next apply continues with it';
    throw changedError(error, { hint: error.hint === undefined ? kept : `${error.hint}; ${kept}` });
  }
}

/** The keys of the plan's layers hold the image's: another image would be cached under a false name. */
async function plannedImage(
  { backend, call }: Pick<ApplyContext, 'backend' | 'call'>,
  planned: ResolvedImage,
  spec: MachineSpec,
  key: string,
): Promise<ResolvedImage> {
  const image = await backend.ensureImage(planned, spec.arch, call);
  if (image.key === key) {
    checkDiskSize(spec.name, spec, image);
    return image;
  }
  throw new GoqemuError({
    code: 'plan-stale',
    source: 'user',
    subject: spec.name,
    message: `the plan is stale: ${planned.reference} has become another image since it was made`,
    hint: 'plan again',
    data: { planned: key, found: image.key },
  });
}
