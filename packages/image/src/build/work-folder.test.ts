import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openWorkFolder, recordBuilder } from './work-folder.ts';

async function parentFolder() {
  const path = await mkdtemp(join(tmpdir(), 'goqemu-work-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('a work folder goes away when its owner has done', async () => {
  await using parent = await parentFolder();
  {
    await using work = await openWorkFolder(parent.path, 'debian-12');
    await writeFile(join(work.path, 'file'), '');
  }
  assert.deepEqual(await readdir(parent.path), []);
});

test('what an interrupted build left is ended and cleared away, and nothing else', async () => {
  await using parent = await parentFolder();
  const left = join(parent.path, '.work-debian-12-0123abcd');
  const others = ['.work-debian-12-x86_64-0123abcd', 'debian-12.qcow2'];
  await mkdir(left);
  for (const other of others) await mkdir(join(parent.path, other));
  const builder = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const ended = once(builder, 'exit');
  await recordBuilder(left, builder.pid ?? 0);
  await using _work = await openWorkFolder(parent.path, 'debian-12');
  assert.deepEqual(await ended, [null, 'SIGTERM']);
  const names = await readdir(parent.path);
  assert.equal(names.includes('.work-debian-12-0123abcd'), false);
  for (const other of others) assert.equal(names.includes(other), true, other);
});
