import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { chooseWorkers } from './choose-workers.ts';
import type { TestedLab } from './tested-labs.ts';

const GiB = 2 ** 30;

async function chosen(asked: number | undefined, files: number, available: number, isolation?: 'fork' | 'restore') {
  const said: string[] = [];
  const lab = {
    uses: [isolation ? { isolation } : {}],
    lab: { engine: { forkRoom: async () => ({ needed: 2 * GiB, available }) } },
  } as unknown as TestedLab;
  const context = { tell: (line: string) => said.push(line), shell: { interrupt: new AbortController().signal } };
  return { workers: await chooseWorkers(context as never, asked, files, [lab]), said };
}

test('as many test files run at a time as are asked for, or as there are processors, and not more than there are', async () => {
  assert.equal((await chosen(undefined, 99, 999 * GiB)).workers, Math.min(99, availableParallelism()));
  assert.equal((await chosen(8, 99, 999 * GiB)).workers, 8);
  assert.equal((await chosen(8, 3, 999 * GiB)).workers, 3);
});

test('fewer run where the memory does not hold a fork for each, which is said; one always does', async () => {
  assert.deepEqual(await chosen(8, 9, 7 * GiB), {
    workers: 3,
    said: ['3 of 8 test files at a time: a fork may need 2 GiB of memory, and the host has 7 GiB'],
  });
  assert.equal((await chosen(8, 9, 1 * GiB)).workers, 1);
  assert.deepEqual(await chosen(8, 9, 1 * GiB, 'restore'), { workers: 8, said: [] });
});
