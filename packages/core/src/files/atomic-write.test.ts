import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeFileAtomic } from './atomic-write.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-atomic-'));
});
after(() => rm(folder, { recursive: true }));

test('a file is replaced with its mode, and nothing else is left beside it', async () => {
  const path = join(folder, 'one/plan');
  await writeFileAtomic(path, 'first');
  await writeFileAtomic(path, 'second', { mode: 0o600 });
  assert.equal(await readFile(path, 'utf8'), 'second');
  assert.deepEqual(await readdir(join(folder, 'one')), ['plan']);
  if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a symbolic link stays a link: what it leads to is replaced', async () => {
  await mkdir(join(folder, 'kept'));
  const [path, link] = [join(folder, 'kept/plan'), join(folder, 'link')];
  await writeFile(path, 'old');
  await symlink(path, link);
  await writeFileAtomic(link, 'new');
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.equal(await readlink(link), path);
});

test('a device stays a device, and a pipe is refused', async () => {
  if (process.platform === 'win32') return; // its devices are names that no file has
  const device = process.getuid?.() === 0 ? join(folder, 'null') : '/dev/null'; // root could replace the host's own
  if (device !== '/dev/null') execFileSync('mknod', [device, 'c', '1', '3']);
  await writeFileAtomic(device, 'x');
  assert.ok((await lstat(device)).isCharacterDevice());
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await assert.rejects(writeFileAtomic(pipe, 'x'), {
    code: 'file-unusable',
    message: /pipe: it is neither a file nor/,
  });
  assert.ok((await lstat(pipe)).isFIFO());
});
