import { errorReport } from '../apply/operation-failure.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { removeDeadForks } from './remove-fork.ts';

/**
 * Takes the lock of a stack for a verb that changes something. What killed commands left of forks goes first.
 *
 * @throws GoqemuError `locked`
 */
export async function lockLab(
  context: EngineContext,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable> {
  const lock = await context.storage.lock(context.command, waitMs, signal);
  try {
    await removeDeadForks(context);
  } catch (error) {
    const message = `the rest of a fork could not be removed: ${errorReport(error).message}`;
    context.emit({ type: 'notice', code: 'tidying-failed', message });
  }
  return lock;
}
