import { GoqemuError, lengthPrefixedDigest } from '@goqemu/core';
import type { BackendCall, CutLayer, CutResult, ObservedMachine } from '../backend/backend.ts';
import { cutLayers } from '../backend/cut-layer.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { lockLab } from '../fork/lock-lab.ts';
import type { MachineState, TakenCheckpoint } from '../state/lab-state.ts';
import { taken } from '../state/settle-checkpoints.ts';
import { StateWriter } from '../state/state-writer.ts';
import type { CheckpointCall } from './checkpoint-call.ts';
import type { CheckpointReport } from './checkpoint-report.ts';
import { chooseMachines } from './choose-machines.ts';
import { findCheckpoint } from './find-checkpoint.ts';
import { checkpointReport } from './list-checkpoints.ts';

/** Takes a manual checkpoint of running machines. */
export async function createCheckpoint(
  context: EngineContext,
  options: CheckpointCall & { readonly description: string },
): Promise<CheckpointReport> {
  const { description, lockWaitMs = 0, signal } = options;
  checkDescription(description);
  await using _lock = await lockLab(context, lockWaitMs, signal);
  const read = await context.read();
  const { lineage } = read.state;
  const call = context.plainCall(lineage, 'checkpoint', signal);
  const machines = chooseMachines(read.state, options.machines);
  await checkRunning(context, machines, call);
  const writer = await StateWriter.open(context.storage, read, context.command);
  const id = Buffer.from(context.random(4)).toString('hex');
  const keyOf = (machine: MachineState) => lengthPrefixedDigest(['goqemu-taken', lineage, id, machine.name]);
  const checkpoint: TakenCheckpoint = {
    id,
    pending: true,
    description,
    createdAt: new Date(context.now()).toISOString(),
    machines: Object.fromEntries(
      machines.map((machine) => [machine.name, { layer: keyOf(machine), applied: machine.applied }]),
    ),
  };
  const cuts = machines.map(
    (machine): CutLayer => ({
      machine: machine.spec,
      record: machine.record ?? {},
      key: keyOf(machine),
      ram: true,
      descriptions: [description, machine.name],
      ...(machine.layer === null ? {} : { parent: machine.layer }),
    }),
  );
  try {
    await writer.begin(id, {
      checkpoints: { [id]: checkpoint },
      resources: {
        machine: Object.fromEntries(
          machines.map((machine) => [machine.name, { ...machine, cutting: { key: keyOf(machine), checkpoint: id } }]),
        ),
      },
    });
    const results = await cutAll(context, { writer, id, machines, cuts, call });
    const stored = new Map(results.map(({ layer }) => [layer.key, layer]));
    const patch = taken(writer.state, checkpoint, stored);
    const records = machines.map(({ name }, index) => {
      const record = results[index]?.record;
      const row = patch.resources?.machine?.[name];
      return [name, row && record ? { ...row, record } : (row ?? null)] as const;
    });
    await writer.end(id, { ...patch, resources: { machine: Object.fromEntries(records) } });
    return checkpointReport(findCheckpoint(writer.state, id), stored, writer.state);
  } finally {
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
  }
}

interface WholeCut {
  readonly writer: StateWriter;
  /** Of the checkpoint. */
  readonly id: string;
  readonly machines: readonly MachineState[];
  readonly cuts: readonly CutLayer[];
  readonly call: BackendCall;
}

/** One cut of all; where it fails there is no checkpoint, and machines whose disks have not moved know nothing of it. */
async function cutAll(
  context: EngineContext,
  { writer, id, machines, cuts, call }: WholeCut,
): Promise<readonly CutResult[]> {
  try {
    return await cutLayers(context.backend, cuts, call);
  } catch (error) {
    const looked = context.plainCall(call.scope.lineage, 'checkpoint', undefined);
    const observed = await context.backend
      .observe(
        machines.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
        looked,
      )
      .catch(() => new Map<string, ObservedMachine>()); // the next plan looks again
    const unmoved = machines.filter((machine) => {
      const found = observed.get(machine.spec.name);
      return found !== undefined && (found.layer ?? null) === machine.layer;
    });
    await writer.end(id, {
      checkpoints: { [id]: null },
      resources: { machine: Object.fromEntries(unmoved.map((machine) => [machine.name, machine])) },
    });
    throw error;
  }
}

function checkDescription(description: string): void {
  if (description.trim() !== '' && description.length <= 255 && !/\p{Cc}/u.test(description)) return;
  throw new GoqemuError({
    code: 'checkpoint-name-invalid',
    source: 'user',
    subject: 'description',
    message: `${JSON.stringify(description)} is not a description for a checkpoint`,
    hint: 'write 1 to 255 characters without control characters',
  });
}

async function checkRunning(
  context: EngineContext,
  machines: readonly MachineState[],
  call: BackendCall,
): Promise<void> {
  if (machines.length === 0) {
    throw new GoqemuError({
      code: 'lab-empty',
      source: 'user',
      message: 'the lab has no machines to take a checkpoint of',
      hint: 'run goqemu apply first',
    });
  }
  const observed = await context.backend.observe(
    machines.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
    call,
  );
  for (const machine of machines) {
    const status = observed.get(machine.spec.name)?.status ?? 'absent';
    const whole = machine.phase === 'made' && machine.ready && !machine.dirty && machine.applied.length > 0;
    if (status === 'running' && whole) continue;
    throw new GoqemuError({
      code: 'machine-not-running',
      source: 'user',
      subject: machine.name,
      message: `${machine.name} is ${whole ? status : 'not complete'}: a checkpoint is taken of running machines`,
      hint: `run ${whole ? `goqemu start ${machine.name}` : 'goqemu apply'} first, or name the machines to take`,
    });
  }
}
