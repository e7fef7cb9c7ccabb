import { asGoqemuError, type GoqemuError } from '@goqemu/core';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { ForkOrigin } from '../state/lab-state.ts';

export interface KnownFork {
  /** Its stack. */
  readonly name: string;
  readonly checkpoint: ForkOrigin['checkpoint'];
  /** Whether it ends with a process. */
  readonly isBound: boolean;
}

/** The forks of a stack that are whole, by name. Stacks whose state cannot be read are left out. */
export async function forksOf(context: EngineContext): Promise<readonly KnownFork[]> {
  const forks: KnownFork[] = [];
  for (const name of await context.storage.stacks()) {
    if (name === context.owner.stack) continue;
    const read = await context
      .sibling(name)
      .read()
      .catch(() => undefined); // reported by commands on that stack
    const origin = read?.state.forkedFrom;
    if (read && origin?.stack === context.owner.stack && read.state.serial > 0)
      forks.push({ name, checkpoint: origin.checkpoint, isBound: origin.owner !== undefined });
  }
  return forks.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Why the state of another stack of the lab cannot be read, which may be a fork: one for each. */
export async function unreadableStacks(context: EngineContext): Promise<readonly GoqemuError[]> {
  const errors: GoqemuError[] = [];
  for (const name of await context.storage.stacks())
    if (name !== context.owner.stack)
      await context
        .sibling(name)
        .read()
        .catch((error: unknown) => void errors.push(asGoqemuError(error)));
  return errors;
}

/** Forks of a stack and the forks of these, each before the one that it was forked from. */
export async function allForksOf(context: EngineContext): Promise<readonly KnownFork[]> {
  const found: KnownFork[] = [];
  for (const fork of await forksOf(context)) found.push(...(await allForksOf(context.sibling(fork.name))), fork);
  return found;
}
