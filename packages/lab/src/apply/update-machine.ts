import { type MachineSpec, withLive } from '@goqemu/spec';
import { cutLayer } from '../backend/cut-layer.ts';
import { optionalVerb } from '../backend/optional-verb.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { MachineState } from '../state/lab-state.ts';
import { claimNamed } from './claim-layers.ts';
import { awake, recordOf, stateOf, took, type WorkOf } from './machine-state.ts';

export async function update(context: ApplyContext, id: string, name: string, work: WorkOf<'update'>): Promise<void> {
  const { backend, writer, call } = context;
  const before = stateOf(context, name);
  const { cutting, ...rest } = before;
  let machine: MachineState = { ...(work.recut ? rest : before), name, ...work.facts, ...(work.seen ?? {}) };
  if (work.recut && cutting) {
    const { layer } = machine;
    // It is cut alone now: never to be taken for the layer of a checkpoint whose other machines were cut before.
    await writer.begin(id, { checkpoints: { [cutting.checkpoint]: null } });
    // A process that died in the middle of a cut has left it paused, and a guest is synced before it is cut.
    machine = { ...machine, record: await backend.start(machine.spec, recordOf(machine), call) };
    const cut = await cutLayer(
      backend,
      {
        machine: machine.spec,
        record: recordOf(machine),
        key: cutting.key,
        ram: true,
        descriptions: [],
        ...(layer === null || layer === cutting.key ? {} : { parent: layer }),
      },
      call,
    );
    machine = { ...awake(machine), record: cut.record, layer: cutting.key };
  }
  await claimNamed(context, work.checkpoints);
  for (const { layer, descriptions } of work.describe) await backend.describeLayer(layer, descriptions, call);
  machine = { ...(work.isUp || work.restart ? awake(machine) : machine), checkpoints: work.checkpoints };
  if (work.restart) {
    const began = context.now();
    await writer.begin(id, { resources: { machine: { [name]: { ...machine, ready: false } } } });
    const stopped = await backend.stop(before.spec, recordOf(machine), call);
    const record = await backend.start(work.spec, stopped, call);
    machine = { ...machine, record, spec: work.spec, ready: true };
    await writer.end(id, {
      resources: { machine: { [name]: machine } },
      durations: took(context, { what: 'restart', name, began }),
    });
    return;
  }
  // A machine that is not restarted here keeps running as it is: its new shape counts from its next start.
  const spec = work.spec.kind === 'template' || work.nextStart ? work.spec : withLive(machine.spec, work.spec);
  if (work.joins) {
    const joined = await optionalVerb(backend, 'joinNetworks')?.(spec, recordOf(machine), call);
    machine = { ...machine, record: joined ?? machine.record };
  }
  if (work.forwards) machine = { ...machine, record: await forward(context, id, { before, machine, spec }) };
  await writer.end(id, { resources: { machine: { [name]: { ...machine, spec } } } });
}

/** When it is interrupted, starting the machine, which runs, sets the ports that are wanted by then. */
async function forward(
  { backend, writer, call }: ApplyContext,
  id: string,
  {
    before,
    machine,
    spec,
  }: { readonly before: MachineState; readonly machine: MachineState; readonly spec: MachineSpec },
): Promise<MachineState['record']> {
  const row = (one: MachineState) => ({ resources: { machine: { [one.name]: one } } });
  await writer.begin(id, row({ ...before, ready: false }));
  try {
    return (await optionalVerb(backend, 'setForwards')?.(spec, recordOf(machine), call)) ?? machine.record;
  } catch (error) {
    if (!call.signal.aborted) await writer.end(id, row(before)); // what fails leaves the ports as they were
    throw error;
  }
}
