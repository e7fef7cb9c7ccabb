import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { goqemuFolders, hostPlatform } from '@goqemu/core';
import { machineHolder, portHolder } from './port-holder.ts';

test('a port that a machine of a lab without a state has is reported with the lab, and with how to get it back', () => {
  const machine = { pid: 123, home: '/home/me/qemu', lab: 'shop', lineage: '0123456789ab', name: 'web' };
  const own = machineHolder(machine, '/home/me/qemu');
  assert.equal(own.name, 'machine web of the lab shop-0123456789ab (process 123)');
  assert.match(own.hint ?? '', /goqemu doctor --clear shop-0123456789ab/);
  assert.match(machineHolder(machine, '/elsewhere').hint ?? '', /GOQEMU_HOME=\/home\/me\/qemu/);
});

test('a port that another program has is reported with the process', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const holder = await portHolder({ folders: goqemuFolders(hostPlatform()) }, port);
  assert.match(holder?.name ?? '', new RegExp(`^process ${process.pid} \\(`));
  assert.equal(holder?.hint, undefined);
});
