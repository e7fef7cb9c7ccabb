import type { EngineContext } from '../engine-context/engine-context.ts';
import { lockLab } from './lock-lab.ts';
import { deadForks } from './remove-fork.ts';

/**
 * Removes what killed processes left of forks, which taking the lock does.
 *
 * @returns the names of those that are gone
 * @throws GoqemuError `locked`
 */
export async function tidyForks(context: EngineContext, lockWaitMs: number): Promise<readonly string[]> {
  const dead = await deadForks(context);
  if (dead.length === 0) return [];
  await using _lock = await lockLab(context, lockWaitMs, undefined);
  const left = await context.storage.stacks();
  return dead.map(({ owner }) => owner.stack).filter((name) => !left.includes(name));
}
