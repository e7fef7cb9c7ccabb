import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { fdPassing, isQmpCommandError, QmpClient } from '../qmp/index.ts';
import { openTransport } from '../transports/address.ts';
import { startQemu, startServer } from './server-process.ts';

const psk = { identity: 'goqemu', key: Buffer.alloc(32, 7) };

test('a file that was opened here is a disk there, and a named descriptor is known until it is closed', async () => {
  assert.deepEqual(fdPassing.available(), { available: true });
  await using server = await startQemu();
  await using qmp = await QmpClient.connect({ path: server.path, passDescriptors: true });
  const path = join(server.folder, 'disk');
  await writeFile(path, Buffer.alloc(1024 * 1024));
  const set = await qmp.addDescriptor(openSync(path, 'r'), { 'fdset-id': 3 });
  assert.equal(set['fdset-id'], 3);
  await rm(path); // QEMU has it by the descriptor alone
  await qmp.execute('blockdev-add', { driver: 'file', 'node-name': 'f', filename: '/dev/fdset/3', 'read-only': true });
  const [node] = await qmp.execute('query-named-block-nodes');
  assert.equal(node?.image['virtual-size'], 1024 * 1024);
  await qmp.passDescriptor('named', openSync('/dev/null', 'r+'));
  await qmp.execute('closefd', { fdname: 'named' });
  await assert.rejects(qmp.execute('closefd', { fdname: 'named' }), (error) => isQmpCommandError(error));
});

test('many descriptors and commands at once arrive each at its own command', async () => {
  await using server = await startQemu();
  await using qmp = await QmpClient.connect({ path: server.path, passDescriptors: true });
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      await qmp.execute('query-status');
      await qmp.passDescriptor(`fd${index}`, openSync('/dev/null', 'r+'));
      await qmp.execute('closefd', { fdname: `fd${index}` });
    }),
  );
});

test('a descriptor that is not open is refused before anything is sent', async () => {
  await using server = await startQemu();
  await using qmp = await QmpClient.connect({ path: server.path, passDescriptors: true });
  await assert.rejects(qmp.passDescriptor('none', 987_654), (error) => hasErrorCode(error, 'fd-passing-failed'));
  await qmp.execute('query-status');
});

test('a connection made without it says how descriptors are passed', async () => {
  await using server = await startQemu();
  await using qmp = await QmpClient.connect({ path: server.path });
  await assert.rejects(qmp.passDescriptor('a', 0), (error) => hasErrorCode(error, 'fd-passing-unavailable'));
});

test('fd passing says why it is not to be had on Windows', () => {
  const able = fdPassing.available('win32');
  assert.equal(able.available, false);
  assert.match(able.available ? '' : able.reason, /get-win32-socket/);
});

test('QMP over TLS with a pre-shared key, and a peer with another key is turned away', async () => {
  const port = await freePort();
  await using _server = await startTlsQemu(port);
  const address = { host: '127.0.0.1', port };
  await assert.rejects(QmpClient.connect({ ...address, psk: { ...psk, key: Buffer.alloc(32, 8) } }));
  await using qmp = await QmpClient.connect({ ...address, psk });
  assert.equal((await qmp.execute('query-status')).running, true);
  assert.ok((await qmp.introspect()).supports('query-status'));
});

test('QMP over a program that carries the bytes', async () => {
  await using server = await startQemu();
  const relay = `const s = require('net').connect(${JSON.stringify(server.path)}); process.stdin.pipe(s).pipe(process.stdout)`;
  await using qmp = await QmpClient.connect({ command: [process.execPath, '-e', relay] });
  assert.equal((await qmp.execute('query-status')).running, true);
});

test('a program that is not there is named', async () => {
  await assert.rejects(
    openTransport({ command: ['goqemu-no-such-program'] }),
    (error) => hasErrorCode(error, 'connect-failed') && /goqemu-no-such-program/.test(error.message),
  );
});

test('QMP over a socket that a process inherited', async () => {
  await using server = await startQemu();
  const client = new URL('./inherited-client.ts', import.meta.url).pathname;
  // Paused, or this process may read the greeting that is meant for the other.
  const socket = connect(server.path).pause();
  await new Promise((resolve) => socket.once('connect', resolve));
  const child = spawn(process.execPath, ['--import', 'tsx', client], { stdio: ['ignore', 'pipe', 'inherit', socket] });
  let said = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    said += bytes;
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  socket.destroy();
  assert.deepEqual([code, said], [0, 'running']);
});

test('a number that is no descriptor is refused', async () => {
  await assert.rejects(openTransport({ fd: 987_654 }), (error) => hasErrorCode(error, 'descriptor-invalid'));
});

test('a socket that is not there is an error with the reason and a hint', async () => {
  await assert.rejects(
    QmpClient.connect({ path: '/nonexistent/socket' }),
    (error) =>
      hasErrorCode(error, 'connect-failed') && error.data.reason === 'ENOENT' && /running/.test(error.hint ?? ''),
  );
  await assert.rejects(
    QmpClient.connect({ path: '/nonexistent/socket', passDescriptors: true }),
    (error) => hasErrorCode(error, 'connect-failed') && error.data.reason === 'ENOENT',
  );
  const port = await freePort();
  await assert.rejects(
    QmpClient.connect({ host: '127.0.0.1', port }),
    (error) => hasErrorCode(error, 'connect-failed') && error.data.reason === 'ECONNREFUSED',
  );
});

/** QEMU with a second monitor on a Unix socket, by which the start is noticed. */
function startTlsQemu(port: number) {
  return startServer('sh', (socket, folder) => [
    '-c',
    [
      `mkdir ${folder}/tls && printf '%s' '${psk.identity}:${psk.key.toString('hex')}' > ${folder}/tls/keys.psk &&`,
      'exec qemu-system-x86_64 -machine none -accel tcg -display none -nodefaults -no-user-config',
      `-object tls-creds-psk,id=t,endpoint=server,dir=${folder}/tls`,
      `-chardev socket,id=c,host=127.0.0.1,port=${port},server=on,wait=off,tls-creds=t -mon c,mode=control`,
      `-qmp unix:${socket},server=on,wait=off`,
    ].join(' '),
  ]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
