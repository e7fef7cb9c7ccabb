import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeAbandonedDrafts } from './abandoned-drafts.ts';

test('drafts of writers that are dead go; those of the living, and everything else, stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-drafts-'));
  try {
    const kept = ['state.json', 'state.json.1.0123abcd.tmp', 'lock', 'notes.2.txt', 'x.2.0123'];
    const dead = ['state.json.2.0123abcd.tmp', 'lock.2.89abcdef', 'lock.dead.2.89abcdef'];
    for (const name of [...kept, ...dead]) await writeFile(join(folder, name), '');
    await mkdir(join(folder, '.lab.2.0123abcd', 'inside'), { recursive: true });
    const processes = {
      identify: async (pid: number) => (pid === 1 ? { pid, startTime: '1', bootId: 'boot' } : undefined),
    };
    await removeAbandonedDrafts(folder, processes);
    assert.deepEqual((await readdir(folder)).sort(), [...kept].sort());
    await removeAbandonedDrafts(join(folder, 'nowhere'), processes);
  } finally {
    await rm(folder, { recursive: true });
  }
});
