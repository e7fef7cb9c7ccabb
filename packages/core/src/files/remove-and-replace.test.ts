import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeFileAtomic, writeOwnFile } from './atomic-write.ts';
import { acquireFileLock } from './file-lock.ts';
import { hostFileOperations } from './file-operations.ts';
import { HeldFiles } from './fixture/held-files.ts';
import { removeTwice, writeTwice } from './kept-twice.ts';
import {
  removeFile,
  removeTree,
  removeTreeUnlessHeld,
  removeUnlessHeld,
  replaceUnlessHeld,
} from './remove-and-replace.ts';

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-held-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function fileIn(folder: string, name: string, text = 'before'): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

const writers = {
  'a file that is written whole': (path: string, files: HeldFiles) => writeFileAtomic(path, 'after', { files }),
  "a file of goqemu's own": (path: string, files: HeldFiles) => writeOwnFile(path, 'after', { files }),
  'a file that is kept twice': (path: string, files: HeldFiles) => writeTwice(path, 'after', { files }),
};

for (const [what, write] of Object.entries(writers)) {
  test(`${what} is written while a scanner has the old one open for a moment`, async (t) => {
    const path = await fileIn(await folderOf(t), 'state.json');
    const files = new HeldFiles();
    files.hold(path);
    files.onSleep = (slept) => slept > 500 && files.release(path);
    await write(path, files);
    assert.equal(await readFile(path, 'utf8'), 'after');
  });

  test(`${what} that stays open for longer than two seconds is an error, and keeps its content`, async (t) => {
    const folder = await folderOf(t);
    const path = await fileIn(folder, 'state.json');
    const files = new HeldFiles();
    files.hold(path);
    await assert.rejects(write(path, files), { code: 'EBUSY' });
    assert.ok(files.slept >= 2000 && files.slept < 4000, `waited ${files.slept} ms`);
    assert.equal(await readFile(path, 'utf8'), 'before');
    assert.deepEqual(await readdir(folder), ['state.json']);
  });
}

test('no host but Windows is asked twice', async (t) => {
  const path = await fileIn(await folderOf(t), 'file');
  for (const system of ['linux', 'darwin'] as const) {
    let asked = 0;
    const files = {
      ...hostFileOperations,
      system,
      unlink: async () => {
        asked++;
        throw Object.assign(new Error('denied'), { code: 'EACCES', syscall: 'unlink' });
      },
    };
    await assert.rejects(removeFile(path, files), { code: 'EACCES' });
    await assert.rejects(removeUnlessHeld(path, files), { code: 'EACCES' });
    assert.equal(asked, 2);
  }
});

test('what is absent is removed already', async (t) => {
  const folder = await folderOf(t);
  const absent = join(folder, 'absent');
  const files = new HeldFiles();
  await removeFile(absent, files);
  await removeTree(absent, files);
  assert.equal(await removeUnlessHeld(absent, files), true);
  assert.equal(await removeTreeUnlessHeld(absent, files), true);
  await removeTwice(absent);
});

test('a disk that a QEMU has open stays under all of its names, without a wait', async (t) => {
  const folder = await folderOf(t);
  const disk = await fileIn(folder, 'disk-1.qcow2');
  const layer = join(folder, 'layer.qcow2');
  await link(disk, layer);
  const other = await fileIn(folder, 'other', 'after');
  const files = new HeldFiles();
  files.hold(layer);
  assert.equal(await removeUnlessHeld(disk, files), false);
  assert.equal(await replaceUnlessHeld(other, disk, files), false);
  assert.equal(files.slept, 0);
  assert.equal(await readFile(disk, 'utf8'), 'before');
  files.release(layer);
  assert.equal(await removeUnlessHeld(disk, files), true);
  assert.ok(!existsSync(disk), 'the name is still there');
});

test('of a folder with a disk that is open all goes but that, and the rest when it is closed', async (t) => {
  const folder = join(await folderOf(t), 'machine');
  await mkdir(join(folder, 'below'), { recursive: true });
  await fileIn(folder, 'vm.json');
  await fileIn(join(folder, 'below'), 'log');
  const disk = await fileIn(folder, 'disk-1.qcow2');
  const files = new HeldFiles();
  files.hold(disk);
  assert.equal(await removeTreeUnlessHeld(folder, files), false);
  assert.deepEqual(await readdir(folder), ['disk-1.qcow2']);
  files.release(disk);
  assert.equal(await removeTreeUnlessHeld(folder, files), true);
  assert.ok(!existsSync(folder), 'the folder is still there');
});

test('a lock is taken and let go while a scanner looks into it', async (t) => {
  const folder = await folderOf(t);
  const path = join(folder, 'state.lock');
  const files = new HeldFiles();
  {
    await using _lock = await acquireFileLock(path, { command: 'goqemu apply', files });
    files.hold(path);
    files.onSleep = () => files.release(path);
  }
  assert.ok(files.refused.includes('state.lock'), 'nothing was refused');
  assert.deepEqual(await readdir(folder), []);
  // Taking it: the draft and the lock are one file, which is open as soon as it has a name.
  const link = files.linkNow;
  files.onSleep = () => files.release(path);
  const opened = Object.assign(Object.create(files) as HeldFiles, {
    linkNow: (from: string, to: string) => {
      link(from, to);
      files.hold(to);
    },
  });
  await using _again = await acquireFileLock(path, { command: 'goqemu destroy', files: opened });
  assert.deepEqual(await readdir(folder), ['state.lock']);
});
