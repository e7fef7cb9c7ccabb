import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeOverlay } from './overlay-files.ts';

test('modes are those of a guest, whatever the umask of who builds it', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'goqemu-overlay-'));
  const umask = process.umask(0o077);
  try {
    const folder = join(parent, 'late');
    await writeOverlay(folder, { '/etc/deep/file': 'text', '/run.sh': '#!/bin/sh\n' });
    const mode = async (path: string) => ((await stat(join(folder, path))).mode & 0o777).toString(8);
    assert.deepEqual(await Promise.all(['.', 'etc', 'etc/deep', 'etc/deep/file', 'run.sh'].map(mode)), [
      '755',
      '755',
      '755',
      '644',
      '755',
    ]);
    assert.equal(await readFile(join(folder, 'etc/deep/file'), 'utf8'), 'text');
  } finally {
    process.umask(umask);
    await rm(parent, { recursive: true });
  }
});
