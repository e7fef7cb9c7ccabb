import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostProcessTable, ownIdentity, type ProcessTable, readWindowsProcesses } from './process-identity.ts';

test('a process table is asked once which process this one is, however many want to know', async () => {
  const looks: number[] = [];
  const table: ProcessTable = {
    identify: async (pid) => {
      looks.push(pid);
      return hostProcessTable().identify(pid);
    },
  };
  const [first, second] = await Promise.all([ownIdentity(table), ownIdentity(table)]);
  assert.equal(first.pid, process.pid);
  assert.deepEqual([second, await ownIdentity(table)], [first, first]);
  assert.deepEqual(looks, [process.pid]);
});

test('a table that could not be read is asked again', async () => {
  let isReadable = false;
  const table: ProcessTable = {
    identify: async (pid) => {
      if (isReadable) return hostProcessTable().identify(pid);
      throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    },
  };
  await assert.rejects(ownIdentity(table), { code: 'EMFILE' });
  isReadable = true;
  assert.equal((await ownIdentity(table)).pid, process.pid);
});

test('on Windows a process is known by when it and the kernel were created, and one that is gone is none', () => {
  const both = '4 133000000000000000\r\n1234 133000000500000001\r\n';
  const identity = { pid: 1234, startTime: '133000000500000001', bootId: '133000000000000000' };
  assert.deepEqual(readWindowsProcesses(both, 1234), identity);
  assert.equal(readWindowsProcesses('4 133000000000000000\r\n', 1234), undefined);
  assert.equal(readWindowsProcesses('1234 133000000500000001\r\n', 1234)?.bootId, '');
});
