import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { goqemuFolders, hostPlatform } from '@goqemu/core';
import { portUses } from '@goqemu/network';
import { portProblems, takenByMachine } from './port-problems.ts';

test('a port that a machine of a lab without a state has is reported with the lab, and with how to get it back', () => {
  const machine = { pid: 123, home: '/home/me/qemu', lab: 'shop', lineage: '0123456789ab', name: 'web' };
  const own = takenByMachine(machine, '/home/me/qemu');
  assert.equal(own.name, 'machine web of the lab shop-0123456789ab (process 123)');
  assert.match(own.hint ?? '', /goqemu doctor --clear shop-0123456789ab/);
  assert.match(takenByMachine(machine, '/elsewhere').hint ?? '', /GOQEMU_HOME=\/home\/me\/qemu/);
});

test('a port that another program has is reported with the process', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const [problem] = await portProblems({ folders: goqemuFolders(hostPlatform()) }, await portUses([port]));
  assert.match(problem?.message ?? '', new RegExp(`^port ${port} of the host is taken by process ${process.pid} \\(`));
  assert.deepEqual([problem?.code, problem?.hint], ['port-taken', undefined]);
});

test('a port that this user may not listen on is reported as that, not as taken', async () => {
  const uses = [{ port: 80, reason: 'not-permitted', holder: undefined }] as const;
  const [problem] = await portProblems({ folders: goqemuFolders(hostPlatform()) }, uses);
  assert.match(problem?.message ?? '', /may not listen on port 80/);
  assert.match(problem?.hint ?? '', /above 1023/);
});
