import { optionalVerb } from '../backend/optional-verb.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { networkRows } from '../network/network-state.ts';
import { type MachineState, observable } from '../state/lab-state.ts';
import { StateWriter } from '../state/state-writer.ts';
import { checkIsFork } from './remove-fork.ts';

/**
 * Keeps a fork for its checkpoints: it no longer ends with the process that it was bound to, and its machines are switched
 * off as they are, without a word to their guests. What was not in a checkpoint by then is lost.
 *
 * @throws GoqemuError `not-a-fork`, `locked`
 */
export async function keepFork(
  fork: EngineContext,
  lockWaitMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using _lock = await fork.storage.lock(fork.command, lockWaitMs, signal);
  const read = await fork.read();
  const { owner: _owner, ...origin } = checkIsFork(read.state);
  const call = fork.plainCall(read.state.lineage, 'keep', signal);
  const writer = await StateWriter.open(fork.storage, read, fork.command);
  try {
    const machines = observable(read.state).filter(({ spec }) => spec.kind === 'vm');
    const off = machines.map((machine): MachineState => ({ ...machine, power: 'stopped' }));
    await writer.begin('keep', { forkedFrom: origin, ...rows(off) });
    const stopped = await Promise.all(
      off.map(async (machine): Promise<MachineState> => {
        // With no time for its guest, a machine is ended at once.
        const spec = { ...machine.spec, timeouts: { ...machine.spec.timeouts, stop: 0 } };
        return { ...machine, record: await fork.backend.stop(spec, machine.record ?? {}, call) };
      }),
    );
    if (Object.keys(networkRows(read.state)).length > 0) await optionalVerb(fork.backend, 'stopNetworks')?.(call);
    await writer.end('keep', rows(stopped));
  } finally {
    const saved = await writer.save(new Date(fork.now()).toISOString());
    fork.emit({ type: 'state-saved', serial: saved.serial });
  }
}

function rows(machines: readonly MachineState[]) {
  return { resources: { machine: Object.fromEntries(machines.map((machine) => [machine.name, machine])) } };
}
