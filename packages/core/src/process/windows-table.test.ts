import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { acquireFileLock, readLockHolder } from '../files/file-lock.ts';
import { SignOfLife } from './sign-of-life.ts';
import { readWindowsProcesses, windowsProcessTable } from './windows-table.ts';

/** Elsewhere sockets in a folder stand in for named pipes; a socket that a killed process left refuses, as a pipe is gone. */
async function pipes(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'gqp-'));
  t.after(() => rm(folder, { recursive: true }));
  const before = process.platform === 'win32' ? `\\\\.\\pipe\\${basename(folder)}-` : `${folder}/`;
  return { folder, before, place: (name: string) => before + name };
}

const never = async () => assert.fail('the process table was asked');

test('on Windows a lock is taken, held and found held without a look at the list of processes', async (t) => {
  const { folder, place } = await pipes(t);
  const signs = new SignOfLife(place);
  t.after(() => signs.end());
  const processes = windowsProcessTable({ ask: never, signs });
  const path = join(folder, 'lock');
  const first = await acquireFileLock(path, { command: 'apply', processes });
  await assert.rejects(acquireFileLock(path, { command: 'plan', processes }), { code: 'locked' });
  await first[Symbol.asyncDispose]();
  const second = await acquireFileLock(path, { command: 'plan', processes });
  await second[Symbol.asyncDispose]();
});

test('the lock of a process that was killed is broken, though another has its number', async (t) => {
  const { folder, before, place } = await pipes(t);
  const path = join(folder, 'lock');
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const program = `
    const { SignOfLife } = await import(${module('./sign-of-life.ts')});
    const { windowsProcessTable } = await import(${module('./windows-table.ts')});
    const { acquireFileLock } = await import(${module('../files/file-lock.ts')});
    const signs = new SignOfLife((name) => ${JSON.stringify(before)} + name);
    await acquireFileLock(${JSON.stringify(path)}, { command: 'apply', processes: windowsProcessTable({ signs }) });
    console.log('held');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const signs = new SignOfLife(place);
  t.after(() => signs.end());
  const processes = windowsProcessTable({ ask: never, signs });
  await assert.rejects(acquireFileLock(path, { command: 'plan', processes }), { code: 'locked' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await acquireFileLock(path, { command: 'plan', processes });
  const holder = await readLockHolder(path);
  assert.equal(holder !== 'damaged' && holder?.command, 'plan');
  await lock[Symbol.asyncDispose]();
});

test('questions that come together are one query, and a number that is free is none', async () => {
  const queries: string[] = [];
  const table = windowsProcessTable({
    exists: (pid) => pid !== 99,
    ask: async (query) => {
      queries.push(query);
      return '4 100\r\n11 201\r\n12 202\r\n';
    },
  });
  const found = await Promise.all([11, 12, 99, 11].map((pid) => table.identify(pid)));
  assert.deepEqual(
    found.map((one) => one?.startTime),
    ['201', '202', undefined, '201'],
  );
  assert.equal(queries.length, 1);
  assert.match(queries[0] ?? '', /'ProcessId=4 OR ProcessId=11 OR ProcessId=12'/);
  assert.equal(await table.identify(99), undefined);
  assert.equal(queries.length, 1);
});

test('without PowerShell a process that has the number counts as the one that is meant', async () => {
  const table = windowsProcessTable({ exists: (pid) => pid === 11, ask: async () => undefined });
  const identity = { pid: 11, startTime: '201', bootId: '100' };
  assert.deepEqual(await table.identify(11), { pid: 11, startTime: '', bootId: '' });
  assert.equal(await table.isAlive?.(identity), true);
  assert.equal(await table.isAlive?.({ ...identity, pid: 12 }), false);
});

test('with PowerShell a number that has become another process’s is not the one that is meant', async () => {
  const table = windowsProcessTable({ exists: () => true, ask: async () => '4 100\r\n11 999\r\n' });
  assert.equal(await table.isAlive?.({ pid: 11, startTime: '201', bootId: '100' }), false);
  assert.equal(await table.isAlive?.({ pid: 11, startTime: '999', bootId: '100' }), true);
});

test('on Windows a process is known by when it and the kernel were created, and one that is gone is none', () => {
  const both = '4 133000000000000000\r\n1234 133000000500000001\r\n';
  const identity = { pid: 1234, startTime: '133000000500000001', bootId: '133000000000000000' };
  assert.deepEqual(readWindowsProcesses(both, 1234), identity);
  assert.equal(readWindowsProcesses('4 133000000000000000\r\n', 1234), undefined);
  assert.equal(readWindowsProcesses('1234 133000000500000001\r\n', 1234)?.bootId, '');
});
