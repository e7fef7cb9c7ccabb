import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostProcessTable, isAlive, ownIdentity, type ProcessTable } from './process-identity.ts';

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

test('as on macOS, a process is the same in every time zone and language', async () => {
  const { env } = process;
  const table = hostProcessTable('darwin');
  const seen: unknown[] = [];
  for (const [zone, words] of [
    ['UTC', 'C'],
    ['Asia/Tokyo', 'C.UTF-8'],
  ]) {
    Object.assign(env, { TZ: zone, LC_ALL: words });
    seen.push(await table.identify(process.pid));
  }
  delete env.TZ;
  delete env.LC_ALL;
  assert.notEqual(seen[0], undefined);
  assert.deepEqual(seen[1], seen[0]);
});

test('as on macOS, a process is found and stays the same where PATH has no folder of the system', async (t) => {
  const { PATH } = process.env;
  t.after(() => Object.assign(process.env, { PATH }));
  const table = hostProcessTable('darwin');
  const before = await table.identify(process.pid);
  process.env.PATH = '/nowhere';
  assert.deepEqual(await table.identify(process.pid), before);
});

test('a process whose boot could not be asked for is known by its start, and one of another boot is another', async () => {
  const now = { pid: 7, startTime: 'Mon Nov 30 03:29:50 2026', bootId: 'B' };
  const table: ProcessTable = { identify: async () => now };
  assert.equal(await isAlive({ ...now, bootId: '' }, table), true);
  assert.equal(await isAlive({ ...now, bootId: 'A' }, table), false);
  assert.equal(await isAlive({ ...now, startTime: 'Mon Nov 30 03:29:51 2026' }, table), false);
});
