import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPlatform, type MovedFolder } from '@goqemu/core';
import { movedFolders, pathFact } from './moved-folders.ts';

const from = 'C:\\Users\\Jürgen\\qemu';
const on = (...moved: readonly MovedFolder[]) => ({ ...hostPlatform(), system: 'win32' as const, moved });
const short: MovedFolder = { what: 'home', from, to: 'C:\\Users\\JRGEN~1\\qemu', how: 'short-name' };
const other: MovedFolder = { what: 'home', from, to: 'C:\\ProgramData\\goqemu-x\\qemu', how: 'other-folder' };
const none: MovedFolder = { what: 'run', from, to: from, how: 'none' };

test('a plan says where a folder is that QEMU could not open, and is refused where there is none', () => {
  const [named, moved, refused] = movedFolders(on(short, other, none));
  assert.deepEqual([named?.severity, named?.code, moved?.severity], ['notice', 'folder-moved', 'notice']);
  assert.match(named?.message ?? '', /Jürgen\\qemu, goes by its short name C:\\Users\\JRGEN~1\\qemu: QEMU for Windows/);
  assert.match(
    moved?.message ?? '',
    /^goqemu's folder is C:\\ProgramData\\goqemu-x\\qemu instead of C:\\Users\\Jürgen/,
  );
  assert.deepEqual([refused?.severity, refused?.code], ['error', 'path-not-ascii']);
  assert.match(refused?.hint ?? '', /^set LOCALAPPDATA/);
  assert.deepEqual(movedFolders(on()), []);
});

test('the doctor has the same: a short name is well, another place a warning, and none an error', () => {
  const status = (...moved: readonly MovedFolder[]) => pathFact(on(...moved)).status;
  assert.deepEqual(
    [status(), status(short), status(short, other), status(other, none)],
    ['ok', 'ok', 'warning', 'error'],
  );
  assert.match(pathFact(on(other)).hint ?? '', /GOQEMU_HOME/);
});
