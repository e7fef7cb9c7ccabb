import { GoqemuError } from '@goqemu/core';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { lockLab } from '../fork/lock-lab.ts';
import { appendHistory } from '../history/history.ts';
import { wakeNetworks } from '../network/wake-networks.ts';
import type { AppliedStep, MachineState } from '../state/lab-state.ts';
import { StateWriter } from '../state/state-writer.ts';
import type { RestoreReport } from './checkpoint-report.ts';
import { chooseMachines } from './choose-machines.ts';
import { checkpointDamaged, findCheckpoint } from './find-checkpoint.ts';

/** Takes machines back to a checkpoint; the state then records what they have applied. */
export async function restoreCheckpoint(
  context: EngineContext,
  idOrName: string,
  options: { readonly machines?: readonly string[]; readonly signal?: AbortSignal },
): Promise<RestoreReport> {
  const began = context.now();
  await using _lock = await lockLab(context, 0, options.signal);
  const read = await context.read();
  const found = findCheckpoint(read.state, idOrName);
  const chosen = chooseMachines(read.state, options.machines);
  const having = chosen.filter((machine) => found.machines[machine.name] && machine.record !== null);
  const untouched = chosen.filter((machine) => !having.includes(machine)).map((machine) => machine.name);
  if (having.length === 0 || (options.machines && untouched.length > 0)) {
    throw new GoqemuError({
      code: 'checkpoint-unknown',
      source: 'user',
      subject: idOrName,
      message: `${untouched.join(', ') || 'no machine'} has no checkpoint "${idOrName}"`,
      hint: `it covers: ${Object.keys(found.machines).join(', ') || 'no machine that exists'}`,
    });
  }
  const call = context.plainCall(read.state.lineage, 'restore', options.signal);
  const layers = having.map((machine) => found.machines[machine.name]?.layer ?? '');
  const stored = await context.backend.findLayers(layers, call);
  const lost = having.find((_machine, index) => !stored.has(layers[index] ?? ''));
  if (lost) {
    throw checkpointDamaged(found, lost.name);
  }
  const writer = await StateWriter.open(context.storage, read, context.command);
  let failure: unknown;
  try {
    await wakeNetworks(context.backend, read.state, call);
    const results = await Promise.allSettled(
      having.map(async (machine) => {
        const { layer, applied } = found.machines[machine.name] ?? { layer: '', applied: [] };
        await writer.begin(found.id, { resources: { machine: { [machine.name]: { ...machine, dirty: true } } } });
        const record = await context.backend.restore(machine.spec, machine.record ?? {}, layer, call);
        await writer.end(found.id, {
          resources: {
            machine: {
              [machine.name]: { ...restored(machine, record, layer, applied), dirty: found.origin === 'failed' },
            },
          },
        });
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    failure = failed?.reason;
    if (failed) throw failure;
  } finally {
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
    await appendHistory(context.storage, {
      startedAt: new Date(began).toISOString(),
      command: context.command,
      outcome: failure === undefined ? 'done' : 'failed',
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
