import { GoqemuError } from '@goqemu/core';
import type { MachineSpec } from '@goqemu/spec';
import type { BackendCall } from '../backend/backend.ts';
import type { FoundCheckpoint } from '../checkpoint/found-checkpoint.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { namedLayers } from '../layer/layer-facts.ts';
import { wakeNetworks } from '../network/wake-networks.ts';
import type { ForkOrigin, LabState, MachineState } from '../state/lab-state.ts';
import { emptyState } from '../state/read-state.ts';
import { StateWriter } from '../state/state-writer.ts';
import { forkPatch } from './fork-state.ts';
import { removeLocked } from './remove-fork.ts';

export interface ForkPlan {
  readonly stack: string;
  readonly lineage: string;
  /** By the lab's names. */
  readonly specs: ReadonlyMap<string, MachineSpec>;
}

/**
 * Makes one fork and leaves it running. Until its state is saved it is in doubt, and the next command on the lab
 * removes it; what fails here removes it at once.
 */
export async function makeFork(
  source: EngineContext,
  state: LabState,
  found: FoundCheckpoint,
  { stack, lineage, specs }: ForkPlan,
  owner: ForkOrigin['owner'],
  signal: AbortSignal | undefined,
): Promise<void> {
  const fork = source.sibling(stack);
  await using _lock = await fork.storage.lock(fork.command, 0, signal);
  const read = await fork.read();
  if (read.exists) throw exists(stack);
  const begun = emptyState(fork.owner, lineage);
  const writer = await StateWriter.open(fork.storage, { ...read, state: begun }, fork.command);
  try {
    await writer.begin('fork', forkPatch(state, found, specs, owner));
    // Its checkpoints are its own from here on: its origin may give its up.
    await source.backend.claimLayers([...namedLayers(writer.state)], fork.plainCall(lineage, stack, signal));
    await wakeNetworks(source.backend, writer.state, fork.plainCall(lineage, stack, signal));
    const results = await Promise.allSettled(
      [...specs.keys()].map((name) => {
        const machine = writer.state.resources.machine[name] as MachineState;
        const call = fork.plainCall(lineage, `${stack}/${name}`, signal);
        return makeMachine(source, writer, state, machine, call);
      }),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    await writer.save(new Date(fork.now()).toISOString());
  } catch (error) {
    await removeLocked(fork);
    throw error;
  }
}

async function makeMachine(
  { backend, owner }: EngineContext,
  writer: StateWriter,
  source: LabState,
  machine: MachineState,
  call: BackendCall,
): Promise<void> {
  const { name, spec, layer } = machine;
  const original = source.resources.machine[name];
  if (layer === null || !original) return;
  const scope = { lab: owner.lab, stack: source.stack, lineage: source.lineage };
  const made = await backend.create(spec, { layer, copyOf: { machine: original.spec, scope } }, call);
  const record = await backend.start(spec, made, call);
  await writer.end('fork', { resources: { machine: { [name]: { ...machine, record, phase: 'made', ready: true } } } });
}

function exists(stack: string): GoqemuError {
  return new GoqemuError({
    code: 'stack-exists',
    source: 'user',
    subject: stack,
    message: `there is a stack "${stack}" of this lab already`,
    hint: `choose another name, or remove it: goqemu destroy --stack ${stack}`,
  });
}
