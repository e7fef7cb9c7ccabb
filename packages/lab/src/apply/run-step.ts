import { changesDisk, ramShape } from '@goqemu/spec';
import type { BackendRecord, CutLayer } from '../backend/backend.ts';
import { cutLayer } from '../backend/cut-layer.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { Capture, LabState, LayerNote, MachineState } from '../state/lab-state.ts';
import { resolveStep } from '../step/resolve-step.ts';
import { checkSource, runQuietly } from '../step/run-quietly.ts';
import { layersToGiveUpRam } from './give-up-ram.ts';
import { goBack } from './go-back.ts';
import { lateValues, recordOf, stateOf, type WorkOf } from './machine-state.ts';

export async function runStep(context: ApplyContext, id: string, name: string, work: WorkOf<'step'>): Promise<void> {
  const { backend, writer, call } = context;
  const { above: _above, ...before } = stateOf(context, name);
  const pure = !changesDisk(work.step);
  const began = context.now();
  const step = await resolveStep(work.step, lateValues(context));
  await checkSource(work.step);
  // Nothing can take an imported machine back: a step of it that was interrupted runs again where it is.
  const dirty = before.imported !== true;
  if (!pure || work.cut || work.isStored)
    await writer.begin(id, { resources: { machine: { [name]: { ...before, dirty } } } });
  let inGuest = true;
  try {
    const result = await runQuietly(context, { spec: work.spec, record: recordOf(before), planned: work.step, step });
    inGuest = false;
    await checkSource(work.step); // again: what was copied is what was planned only if nothing changed meanwhile
    const captured = await keepCapture(context, work, result.stdout);
    const applied = [...before.applied, work.applied];
    const durations = { [`step:${name}/${step.name}`]: context.now() - began };
    // The time that is in its key, and not that of this run: a layer that is lost is made again under the same key.
    const runs = work.timed === undefined ? {} : { runs: { [work.timed.key]: work.timed.ranAt } };
    const { key } = work.applied;
    // Its other owners may have given it up since the plan was made: then it is cut here.
    const isClaimed = work.isStored && (await backend.claimLayers([key], call)).has(key);
    const isCut = work.cut || (work.isStored && !isClaimed);
    const named = isCut || isClaimed ? Object.fromEntries(work.checkpoints.map((one) => [one, key])) : {};
    const checkpoints = { ...before.checkpoints, ...named };
    const done: MachineState = { ...before, applied, checkpoints, dirty: false };
    const cut = isCut ? await cutAfter(context, name, work, before) : undefined;
    await writer.end(id, {
      resources: { machine: { [name]: cut ? { ...done, record: cut.record, layer: key } : done } },
      ...(cut ? { layers: { [key]: cut.note } } : {}),
      durations,
      ...runs,
      ...captured,
    });
  } catch (error) {
    // Stopped by the second interrupt: no further request is sent to the machine, the next plan settles it.
    if (call.signal.aborted) throw error;
    throw await goBack(context, { id, machine: name, work, before, error, inGuest });
  }
}

/** Cuts the layer that the machine stands on after a step. */
async function cutAfter(
  context: ApplyContext,
  name: string,
  work: WorkOf<'step'>,
  before: MachineState,
): Promise<{ readonly record: BackendRecord; readonly note: LayerNote }> {
  const cut: CutLayer = {
    machine: work.spec,
    record: recordOf(before),
    key: work.applied.key,
    ram: true,
    descriptions: work.descriptions,
    ...(before.layer === null ? {} : { parent: before.layer }),
    supersedes: layersToGiveUpRam(context, name, before),
  };
  const { record, layer } = await cutLayer(context.backend, cut, context.call);
  const shape = ramShape(work.spec);
  const note = { machine: name, parent: before.layer, shape, bytes: layer.bytes, usedAt: context.now() };
  return { record, note };
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
