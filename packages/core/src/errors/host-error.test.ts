import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeFileAtomic } from '../files/atomic-write.ts';
import { readIfThere } from '../files/read-if-there.ts';
import { GoqemuError } from './goqemu-error.ts';
import { asGoqemuError, hostError } from './host-error.ts';

const base = mkdtempSync(join(tmpdir(), 'goqemu-host-error-'));
after(() => rmSync(base, { recursive: true }));
const file = join(base, 'file');
writeFileSync(file, '');

async function thrownBy(action: () => unknown): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test('an error of the host names what could not be done, the path, the reason and a remedy', async () => {
  for (const [action, code, message] of [
    [
      () => readFileSync(join(base, 'gone')),
      'file-missing',
      `cannot open ${join(base, 'gone')}: there is no such file or folder`,
    ],
    [() => readIfThere(base), 'path-is-folder', `cannot read ${base}: it is a folder`],
    [
      () => mkdirSync(join(file, 'sub')),
      'path-not-folder',
      `cannot create the folder ${join(file, 'sub')}: a part of the path is a file, not a folder`,
    ],
    [() => writeFileAtomic(base, 'x'), 'path-is-folder', `cannot write ${base}: it is a folder`],
    [() => writeFileAtomic(join(file, 'x'), 'y'), 'file-exists', undefined],
    [() => writeFileAtomic(join(base, 'n'.repeat(300)), 'y'), 'path-too-long', undefined],
  ] as const) {
    const error = hostError(await thrownBy(action));
    assert.equal(error?.code, code);
    assert.equal(error?.source, 'environment');
    if (message) assert.equal(error?.message, message);
    assert.ok(error?.hint);
  }
});

test('a full disk and a file system that is read-only are named, with the path that was meant', () => {
  const system = (code: string, syscall: string, path?: string) =>
    Object.assign(new Error(`${code}: …`), { errno: -1, code, syscall, ...(path ? { path } : {}) });
  assert.equal(hostError(system('ENOSPC', 'write'))?.code, 'disk-full');
  const readOnly = hostError(system('EROFS', 'open', '/lab/state.json.412.0badcafe.tmp'));
  assert.equal(readOnly?.message, 'cannot open /lab/state.json: the file system is mounted read-only');
  assert.equal(hostError(system('ECONNREFUSED', 'connect')), undefined, 'the network is another matter');
});

test('on Windows a folder that is used as a file is named, and hints are of that system', () => {
  const refused = (syscall: string, path: string) =>
    Object.assign(new Error('EPERM'), {
      errno: -1,
      code: 'EPERM',
      syscall,
      path: `${path}.4.0badcafe.tmp`,
      dest: path,
    });
  const folder = hostError(refused('rename', base), 'win32');
  assert.equal(folder?.message, `cannot write ${base}: it is a folder`);
  assert.equal(hostError(refused('rename', base), 'linux')?.code, 'file-denied');
  const denied = hostError(refused('rename', file), 'win32');
  assert.equal(denied?.code, 'file-denied');
  assert.match(denied?.hint ?? '', /icacls/);
  const program = Object.assign(new Error('EACCES'), { code: 'EACCES', errno: -1, syscall: 'spawn x', path: 'x' });
  assert.match(hostError(program, 'win32')?.hint ?? '', /icacls/);
  assert.match(hostError(program, 'linux')?.hint ?? '', /ls -ld/);
});

test('on Windows a name that it cannot have is said so', () => {
  const thrown = (code: string, syscall: string, path: string) =>
    Object.assign(new Error(code), { errno: -1, code, syscall, path });
  const made = hostError(thrown('EINVAL', 'mkdir', 'C:\\labs\\what?'), 'win32');
  assert.equal(
    made?.message,
    'cannot create the folder C:\\labs\\what?: the file system has no names with such characters',
  );
  assert.equal(made?.hint, 'choose another name');
  assert.equal(hostError(thrown('ENOENT', 'open', '\\\\?\\C:\\labs\\a:b'), 'win32')?.code, 'file-unusable');
  const long = `C:\\labs\\${'n'.repeat(256)}`;
  for (const code of ['ENOENT', 'EINVAL'])
    assert.equal(hostError(thrown(code, 'mkdir', long), 'win32')?.code, 'path-too-long');
  assert.equal(hostError(thrown('ENOENT', 'open', 'C:\\labs\\lab.ts'), 'win32')?.code, 'file-missing');
  assert.equal(hostError(thrown('EINVAL', 'mkdir', '/labs/what?'), 'linux')?.hint, 'use another file system');
});

test('a program that is not there is named', async () => {
  const error = await new Promise((settle) => execFile(join(base, 'no-such-program'), settle));
  assert.match(hostError(error)?.message ?? '', /^the program .*no-such-program is not installed$/);
});

test('what goqemu says itself stays, and what is neither is a defect', () => {
  const own = new GoqemuError({ code: 'usage', source: 'user', message: 'y' });
  assert.equal(asGoqemuError(own), own);
  assert.equal(asGoqemuError(new RangeError('z')).code, 'internal');
});

test('of a block whose clean-up fails too, the first failure is reported', async () => {
  const own = new GoqemuError({ code: 'usage', source: 'user', message: 'the work' });
  const failing = (why: string) => ({ [Symbol.asyncDispose]: async () => Promise.reject(new Error(why)) });
  const block = async () => {
    await using _outer = failing('the outer clean-up');
    await using _inner = failing('the inner clean-up');
    throw own;
  };
  const thrown = await block().catch((error: unknown) => error);
  assert.notEqual(thrown, own, 'the language has wrapped it');
  const reported = asGoqemuError(thrown);
  assert.equal(reported, own);
  assert.match(String((reported.cause as Error).message), /the inner clean-up/);
});
