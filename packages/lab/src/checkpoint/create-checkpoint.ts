import { GoqemuError, lengthPrefixedDigest } from '@goqemu/core';
import type { BackendCall, StoredLayer } from '../backend/backend.ts';
import type { EngineContext } from '../engine/engine-context.ts';
import { ramShape } from '../machine/ram-shape.ts';
import type { MachineState, TakenCheckpoint } from '../state/lab-state.ts';
import { StateWriter } from '../state/state-writer.ts';
import type { CheckpointReport } from './checkpoint-report.ts';
import { chooseMachines } from './choose-machines.ts';
import { checkpointReport } from './list-checkpoints.ts';

/** Takes a checkpoint of running machines, by hand. */
export async function createCheckpoint(
  context: EngineContext,
  options: { readonly description: string; readonly machines?: readonly string[]; readonly signal?: AbortSignal },
): Promise<CheckpointReport> {
  const { description, signal } = options;
  checkDescription(description);
  await using _lock = await context.storage.lock(context.command, 0, signal);
  const read = await context.read();
  const { lineage } = read.state;
  const call = context.plainCall(lineage, 'checkpoint', signal);
  const machines = chooseMachines(read.state, options.machines);
  await checkRunning(context, machines, call);
  const writer = await StateWriter.open(context.storage, read, context.command);
  const id = Buffer.from(context.random(4)).toString('hex');
  const keyOf = (machine: MachineState) => lengthPrefixedDigest(['goqemu-taken', lineage, id, machine.name]);
  const parents = new Set(machines.map((machine) => parentOf(read.state.checkpoints, machine)));
  const [parent = null] = parents.size === 1 ? parents : [];
  try {
    await writer.begin(id, {
      machines: Object.fromEntries(
        machines.map((machine) => [
          machine.name,
          { ...machine, cutting: { key: keyOf(machine), descriptions: [description, machine.name] } },
        ]),
      ),
    });
    // Every cut is awaited, so that a failing one leaves none of the others unrecorded.
    const cuts = await Promise.allSettled(
      machines.map((machine) => cutOne(context, writer, id, machine, keyOf(machine), description, call)),
    );
    const failed = cuts.find((cut) => cut.status === 'rejected');
    if (failed) throw failed.reason;
    const taken: TakenCheckpoint = {
      id,
      description,
      createdAt: new Date(context.now()).toISOString(),
      parent,
      machines: Object.fromEntries(
        machines.map((machine) => [machine.name, { layer: keyOf(machine), applied: machine.applied }]),
      ),
    };
    await writer.end(id, { checkpoints: { [id]: taken } });
    const stored = new Map(
      cuts.flatMap((cut) => (cut.status === 'fulfilled' ? [[cut.value.key, cut.value] as [string, StoredLayer]] : [])),
    );
    return checkpointReport({ ...taken, origin: 'taken' }, stored, writer.state);
  } finally {
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
  }
}

async function cutOne(
  context: EngineContext,
  writer: StateWriter,
  id: string,
  machine: MachineState,
  key: string,
  description: string,
  call: BackendCall,
): Promise<StoredLayer> {
  const { layer, record } = await context.backend.cutLayer(
    {
      machine: machine.spec,
      record: machine.record ?? {},
      key,
      ram: true,
      descriptions: [description, machine.name],
      ...(machine.layer === null ? {} : { parent: machine.layer }),
    },
    call,
  );
  await writer.end(id, {
    machines: { [machine.name]: { ...machine, record, layer: key } },
    layers: {
      [key]: {
        machine: machine.name,
        parent: machine.layer,
        shape: ramShape(machine.spec),
        bytes: layer.bytes,
        usedAt: context.now(),
      },
    },
  });
  return layer;
}

function parentOf(checkpoints: Readonly<Record<string, TakenCheckpoint>>, machine: MachineState): string | null {
  return Object.values(checkpoints).find((one) => one.machines[machine.name]?.layer === machine.layer)?.id ?? null;
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
      hint: 'run goqemu apply first, or name the machines to take',
    });
  }
}
