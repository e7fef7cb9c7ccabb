import { GoqemuError, hasErrorCode, isAlive, isGoqemuError } from '@goqemu/core';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { ForkOrigin, LabState } from '../state/lab-state.ts';
import type { ReadState } from '../state/read-state.ts';

/**
 * Leaves nothing of a fork: machines, layers of its own, keys, state.
 *
 * @throws GoqemuError `not-a-fork`, `locked`
 */
export async function removeFork(fork: EngineContext, lockWaitMs: number): Promise<void> {
  await using _lock = await fork.storage.lock(fork.command, lockWaitMs);
  const { state, exists } = await fork.read();
  if (exists) checkIsFork(state);
  await removeLocked(fork);
}

/** @throws GoqemuError `not-a-fork` */
export function checkIsFork({ stack, forkedFrom }: LabState): ForkOrigin {
  if (forkedFrom) return forkedFrom;
  throw new GoqemuError({
    code: 'not-a-fork',
    source: 'user',
    subject: stack,
    message: `the stack "${stack}" was applied, and is not a fork`,
    hint: `destroy it: goqemu destroy --stack ${stack}`,
  });
}

/** The same for one whose lock is held. */
export async function removeLocked(fork: EngineContext): Promise<void> {
  const { state } = await fork.read();
  const call = fork.plainCall(state.lineage, state.stack, undefined);
  for (const kind of [...fork.kinds].reverse()) await kind.clear({ state, backend: fork.backend, call });
  await clearFork(fork, state.lineage);
}

/** What is left of a fork whose machines are gone. */
export async function clearFork(fork: EngineContext, lineage: string): Promise<void> {
  const call = fork.plainCall(lineage, 'layers', undefined);
  await fork.backend.collectLayers([], call);
  await fork.backend.dispose(call);
  await fork.storage.clear(lineage);
}

/**
 * Removes forks that are of no use: interrupted while they were made or removed, or left behind by the process that
 * they were bound to.
 */
export async function removeDeadForks(context: EngineContext): Promise<void> {
  for (const fork of await deadForks(context)) {
    await using lock = await fork.storage.lock(context.command, 0).catch((error: unknown) => {
      if (hasErrorCode(error, 'locked')) return undefined; // it is being made, or another process is at it
      throw error;
    });
    if (lock && (await isDead(fork))) await removeLocked(fork);
  }
}

/** Those of the lab, whatever stack they were made from. */
export async function deadForks(context: EngineContext): Promise<readonly EngineContext[]> {
  const dead: EngineContext[] = [];
  for (const stack of await context.storage.stacks()) {
    if (stack === context.owner.stack) continue;
    const fork = context.sibling(stack);
    if (await isDead(fork)) dead.push(fork);
  }
  return dead;
}

async function isDead(fork: EngineContext): Promise<boolean> {
  const read = await fork.read().catch((error: unknown): ReadState | undefined => {
    if (isGoqemuError(error)) return undefined; // a damaged state is reported by commands on that stack
    throw error;
  });
  if (!read) return false;
  const { state, exists } = read;
  if (!exists) return (await fork.storage.read('history')) === undefined;
  const rows = Object.values(state.resources).flatMap((table) => Object.values(table));
  const isEmpty = rows.every(({ record }) => record === null);
  if (!state.forkedFrom) return state.serial === 0 && isEmpty; // nothing but a journal that was opened
  const { owner } = state.forkedFrom;
  return state.serial === 0 || isEmpty || (owner !== undefined && !(await isAlive(owner)));
}
