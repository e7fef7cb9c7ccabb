import { availableParallelism } from 'node:os';
import { forksAtATime } from '../../lab/forks-at-a-time.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import type { TestedLab } from './tested-labs.ts';

/**
 * How many test files run at a time: as many as are asked for, or as there are processors; not more than there are files,
 * and than the host has memory for a fork each.
 */
export async function chooseWorkers(
  context: Pick<CommandContext, 'tell' | 'shell'>,
  asked: number | undefined,
  files: number,
  labs: readonly TestedLab[],
): Promise<number> {
  const wanted = Math.min(asked ?? availableParallelism(), files);
  const forking = labs.filter(({ uses }) => uses.some(({ isolation = 'fork' }) => isolation === 'fork'));
  const rooms = await Promise.all(forking.map(({ lab }) => lab.engine.forkRoom({ signal: context.shell.interrupt })));
  return forksAtATime(context, { wanted, rooms, what: 'test files' });
}
