import { GoqemuError } from '@goqemu/core';
import type { Backend, BackendCall } from '../backend/backend.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { lockLab } from '../fork/lock-lab.ts';
import { appendHistory } from '../history/history.ts';
import { holdMachines } from '../network/hold-machines.ts';
import { wakeNetworks } from '../network/wake-networks.ts';
import type { AppliedStep, LabState, MachineState } from '../state/lab-state.ts';
import { StateWriter } from '../state/state-writer.ts';
import { checkLayers } from './check-layers.ts';
import type { CheckpointCall } from './checkpoint-call.ts';
import type { RestoreReport } from './checkpoint-report.ts';
import { chooseMachines } from './choose-machines.ts';
import { findCheckpoint } from './find-checkpoint.ts';
import type { FoundCheckpoint } from './found-checkpoint.ts';

/** Takes machines back to a checkpoint; the state then records what they have applied. */
export async function restoreCheckpoint(
  context: EngineContext,
  idOrName: string,
  options: CheckpointCall,
): Promise<RestoreReport> {
  const began = context.now();
  await using _lock = await lockLab(context, options.lockWaitMs ?? 0, options.signal);
  const read = await context.read();
  const found = findCheckpoint(read.state, idOrName);
  const { having, untouched } = chooseRestored(read.state, found, idOrName, options.machines);
  const call = context.plainCall(read.state.lineage, 'restore', options.signal);
  await checkLayers(context.backend, found, having, call);
  const writer = await StateWriter.open(context.storage, read, context.command);
  let failed: PromiseRejectedResult | undefined;
  try {
    const { backend } = context;
    await wakeNetworks(backend, read.state, call);
    await using _apart = await holdMachines(backend, read.state, having, call);
    const results = await Promise.allSettled(
      having.map((machine) => restoreMachine({ backend, writer, found, call }, machine)),
    );
    failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  } finally {
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
    await appendHistory(context.storage, {
      startedAt: new Date(began).toISOString(),
      command: context.command,
      outcome: failed ? 'failed' : 'done',
      durationMs: context.now() - began,
      operations: { restore: having.length },
      serial: saved.serial,
    });
  }
  return {
    version: 1,
    id: found.id,
    restored: having.map((machine) => machine.name),
    untouched,
    durationMs: context.now() - began,
  };
}

/** Those of the machines that have the checkpoint; all that were asked for by name must. */
function chooseRestored(
  state: LabState,
  found: FoundCheckpoint,
  idOrName: string,
  names: readonly string[] | undefined,
): { readonly having: readonly MachineState[]; readonly untouched: readonly string[] } {
  const chosen = chooseMachines(state, names);
  const having = chosen.filter((machine) => found.machines[machine.name] && machine.record !== null);
  const untouched = chosen.filter((machine) => !having.includes(machine)).map((machine) => machine.name);
  if (having.length > 0 && !(names && untouched.length > 0)) return { having, untouched };
  throw new GoqemuError({
    code: 'checkpoint-unknown',
    source: 'user',
    subject: idOrName,
    message: `${untouched.join(', ') || 'no machine'} has no checkpoint "${idOrName}"`,
    hint: `it covers: ${Object.keys(found.machines).join(', ') || 'no machine that exists'}`,
  });
}

async function restoreMachine({ backend, writer, found, call }: Restoring, machine: MachineState): Promise<void> {
  const { name } = machine;
  const { layer, applied } = found.machines[name] ?? { layer: '', applied: [] };
  await writer.begin(found.id, { resources: { machine: { [name]: { ...machine, dirty: true } } } });
  const record = await backend.restore(machine.spec, machine.record ?? {}, layer, call);
  const after = { ...restored(machine, record, layer, applied), dirty: found.origin === 'failed' };
  await writer.end(found.id, { resources: { machine: { [name]: after } } });
}

interface Restoring {
  readonly backend: Backend;
  readonly writer: StateWriter;
  readonly found: FoundCheckpoint;
  readonly call: BackendCall;
}

function restored(
  before: MachineState,
  record: NonNullable<MachineState['record']>,
  layer: string,
  applied: readonly AppliedStep[],
): MachineState {
  const { cutting: _cutting, above: _above, power: _power, ...machine } = before;
  const all = [...before.applied, ...(before.above ?? []).slice(before.applied.length)];
  const above = all.length > applied.length ? { above: all } : {};
  return { ...machine, record, layer, applied, ...above, dirty: false, ready: true, phase: 'made' };
}
