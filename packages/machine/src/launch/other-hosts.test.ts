import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { openTransport, QmpClient } from '@goqemu/protocol';
import { otherPlatform, temporaryFolder, testMachine } from '../fixture/test-machine.ts';
import { attachMachine } from '../machine/attach-machine.ts';
import { probeMachine } from '../machine/probe-machine.ts';

/** Everything of Windows but its file names, which this host would not understand. */
const windows = otherPlatform('win32', { arch: 'x64', temporaryFolder: '/tmp' });

test('where Node opens no Unix sockets, the monitors are loopback ports that want a key', async (t) => {
  const runtimeFolder = join(await temporaryFolder(t), 'run');
  const machine = await testMachine(t, { runtimeFolder, guestAgent: true, standbyPort: true }, { platform: windows });
  const { control, readers, agent, standby } = machine.record.sockets;
  const kinds = [control, readers, agent, standby].map((socket) => socket?.kind);
  assert.deepEqual(kinds, ['tls-psk', 'tls-psk', 'tls-psk', 'tls-psk']);
  assert.equal((await stat(join(runtimeFolder, 'keys.psk'))).mode & 0o777, 0o600);
  assert.equal(await machine.status(), 'running');
  assert.equal(await probeMachine(machine.record), 'running');
  const argv = (await readFile(`/proc/${machine.record.pid}/cmdline`, 'utf8')).split('\0');
  const key = (await readFile(join(runtimeFolder, 'keys.psk'), 'utf8')).trim().split(':')[1] ?? '?';
  assert.ok(!argv.some((word) => word.includes(key)), 'the key is in no argument');
  await machine.close();
  await using again = await attachMachine(machine.record);
  assert.equal(again.state, 'running');
});

test('a port of the guest is free again when a client has left, though the guest read nothing of it', async (t) => {
  const machine = await testMachine(t, { standbyPort: true, startPaused: true }, { platform: windows });
  for (let client = 0; client < 3; client++) {
    const port = await machine.openStandbyPort();
    port.write('that no one reads\n');
    await port.close();
  }
});

test('a card for a switch is at a port of loopback, which a file of the owner says and which goes with the machine', async (t) => {
  const runtimeFolder = join(await temporaryFolder(t), 'run');
  const portFile = join(runtimeFolder, 'l0.port');
  const card = { kind: 'stream', server: true, address: { portFile } } as const;
  const machine = await testMachine(t, { runtimeFolder, networks: [card] }, { platform: windows });
  assert.equal((await stat(portFile)).mode & 0o777, 0o600);
  const wire = await openTransport({ host: '127.0.0.1', port: Number(await readFile(portFile, 'utf8')) });
  await wire.close();
  await machine.kill();
  await assert.rejects(stat(portFile), { code: 'ENOENT' });
});

test('a client without the key gets no greeting', async (t) => {
  const machine = await testMachine(t, {}, { platform: windows });
  const { tools } = machine.record.sockets;
  assert.equal(tools.kind, 'tls-psk');
  if (tools.kind !== 'tls-psk') return;
  const plain = await openTransport({ host: tools.host, port: tools.port });
  await assert.rejects(QmpClient.connect(plain, { greetingTimeoutMs: 300 }));
  const psk = { identity: 'qemu', key: Buffer.alloc(32) };
  await assert.rejects(openTransport({ host: tools.host, port: tools.port, psk }));
});

test('a machine is not started twice there either', async (t) => {
  const machine = await testMachine(t, {}, { platform: windows });
  const { runtimeFolder } = machine.record;
  await assert.rejects(testMachine(t, { runtimeFolder }, { platform: windows }), (error) =>
    hasErrorCode(error, 'machine-already-running'),
  );
  assert.equal(await machine.status(), 'running');
});

test('a machine as on macOS has plain memory and no sandbox', async (t) => {
  const machine = await testMachine(t, {}, { platform: otherPlatform('darwin', { uid: process.getuid?.() }) });
  const argv = (await readFile(`/proc/${machine.record.pid}/cmdline`, 'utf8')).split('\0');
  assert.ok(!argv.includes('-sandbox'));
  assert.ok(argv.some((word) => word.includes('memory-backend-ram')));
});
