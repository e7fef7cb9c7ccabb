import { GoqemuError } from '@goqemu/core';
import type { MachineSpec } from '@goqemu/spec';
import type { FoundCheckpoint } from '../checkpoint/found-checkpoint.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { namedLayers } from '../layer/layer-facts.ts';
import type { ForkOrigin, LabState } from '../state/lab-state.ts';
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

/** What every fork of one call is made from. */
export interface ForkSource {
  readonly context: EngineContext;
  readonly state: LabState;
  readonly checkpoint: FoundCheckpoint;
  readonly owner: ForkOrigin['owner'];
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes one fork and leaves it running. Until its state is saved it is in doubt, and the next command on the lab
 * removes it; what fails here removes it at once.
 */
export async function makeFork(source: ForkSource, { stack, lineage, specs }: ForkPlan): Promise<void> {
  const { context, state, checkpoint, owner, signal } = source;
  const fork = context.sibling(stack);
  await using _lock = await fork.storage.lock(fork.command, 0, signal);
  const read = await fork.read();
  if (read.exists) throw exists(stack);
  const begun = emptyState(fork.owner, lineage);
  const writer = await StateWriter.open(fork.storage, { ...read, state: begun }, fork.command);
  const callFor = (name: string) => fork.plainCall(lineage, `${stack}/${name}`, signal);
  const call = fork.plainCall(lineage, stack, signal);
  const { backend } = context;
  const scope = { lab: context.owner.lab, stack: state.stack, lineage: state.lineage };
  try {
    await writer.begin('fork', forkPatch(state, checkpoint, specs, owner));
    // Its checkpoints are its own from here on: its origin may give its up.
    await backend.claimLayers([...namedLayers(writer.state)], call);
    for (const kind of fork.kinds)
      await kind.fork({ source: state, scope, state: writer.state, backend, call, writer, callFor });
    await writer.save(new Date(fork.now()).toISOString());
  } catch (error) {
    await removeLocked(fork);
    throw error;
  }
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
