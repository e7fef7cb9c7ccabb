import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { testMachine } from '../fixture/test-machine.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

test('a forward is added and taken away while the machine runs', async (t) => {
  const machine = await testMachine(t, { networks: [{ kind: 'user' }] });
  const forward = { protocol: 'tcp' as const, hostAddress: '127.0.0.1', hostPort: await freePort(), guestPort: 22 };
  await machine.networks.addForward('net0', forward);
  const client = connect(forward.hostPort, '127.0.0.1');
  await once(client, 'connect');
  client.destroy();
  await assert.rejects(machine.networks.addForward('net0', forward), (error) => hasErrorCode(error, 'port-taken'));
  await machine.networks.removeForward('net0', forward);
  await assert.rejects(machine.networks.removeForward('net0', forward), (error) =>
    hasErrorCode(error, 'forward-missing'),
  );
  await assert.rejects(once(connect(forward.hostPort, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
});

test('a cable is pulled and plugged in', async (t) => {
  const machine = await testMachine(t, { networks: [{ kind: 'user' }] });
  await machine.networks.setLink('net0', false);
  assert.match(await machine.humanMonitor('info network'), /net0:/);
  await machine.networks.setLink('net0', true);
});
