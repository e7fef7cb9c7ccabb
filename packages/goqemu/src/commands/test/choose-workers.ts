import { availableParallelism } from 'node:os';
import { formatByteSize } from '@goqemu/core';
import { fittingForks } from '../../lab/fitting-forks.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import type { TestedLab } from './tested-labs.ts';

/**
 * How many test files run at a time: as many as are asked for, or as there are processors; not more than there are files,
 * and than the host has memory for a fork each.
 */
export async function chooseWorkers(
  { tell, shell }: Pick<CommandContext, 'tell' | 'shell'>,
  asked: number | undefined,
  files: number,
  labs: readonly TestedLab[],
): Promise<number> {
  const wanted = Math.min(asked ?? availableParallelism(), files);
  const forking = labs.filter(({ uses }) => uses.some(({ isolation = 'fork' }) => isolation === 'fork'));
  const rooms = await Promise.all(forking.map(({ lab }) => lab.engine.forkRoom({ signal: shell.interrupt })));
  const [tightest] = rooms.map((room) => ({ ...room, fit: fittingForks(room) })).sort((a, b) => a.fit - b.fit);
  if (!tightest || tightest.fit >= wanted) return wanted;
  const { needed, available, fit } = tightest;
  tell(
    `${fit} of ${wanted} test files at a time: a fork may need ${formatByteSize(needed)} of memory, and the host has ${formatByteSize(available)}`,
  );
  return fit;
}
