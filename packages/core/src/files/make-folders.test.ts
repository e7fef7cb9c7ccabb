import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolders } from './make-folders.ts';

test('folders are made with those above them, and the first one that was made is returned', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'folders-'));
  t.after(() => rmSync(base, { recursive: true }));
  assert.equal(makeFolders(join(base, 'a/b/c'), { mode: 0o700 }), join(base, 'a'));
  if (process.platform !== 'win32')
    for (const made of ['a', 'a/b', 'a/b/c']) assert.equal(statSync(join(base, made)).mode & 0o777, 0o700);
  assert.equal(makeFolders(join(base, 'a/b/c')), undefined);
  assert.equal(makeFolders(join(base, 'a/d')), join(base, 'a/d'));
});

test('a folder is made below a link to one', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'folders-'));
  t.after(() => rmSync(base, { recursive: true }));
  symlinkSync(base, join(base, 'link'), 'junction');
  assert.equal(makeFolders(join(base, 'link/e')), join(base, 'link/e'));
});

test('a file in the way is said in the host’s words', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'folders-'));
  t.after(() => rmSync(base, { recursive: true }));
  writeFileSync(join(base, 'file'), '');
  assert.throws(() => makeFolders(join(base, 'file')), { code: 'EEXIST' });
  assert.throws(() => makeFolders(join(base, 'file/a/b')), { code: /^(ENOTDIR|ENOENT|EEXIST)$/ });
});

test('where a file system takes no new folders, that is thrown', { skip: process.platform !== 'linux' }, () => {
  assert.throws(() => makeFolders('/proc/goqemu/a'), { code: 'ENOENT' });
});
