import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostOpenFiles, readLsof, readTcpConnections } from './open-files.ts';

test('this host shows the sockets of this process, a connection with the place of its listener', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gqm-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'with blank');
  for (const place of [path, 0]) {
    const server = createServer((socket) => t.after(() => socket.destroy())).listen(place);
    await once(server, 'listening');
    t.after(() => server.close());
    const port = typeof place === 'number' ? (server.address() as AddressInfo).port : undefined;
    const held = async () =>
      ((await hostOpenFiles().of(process.pid))?.sockets ?? []).filter((socket) =>
        port === undefined ? socket.path === path : socket.port === port,
      );
    assert.equal((await held()).length, 1);
    const client = connect(port === undefined ? { path } : { port, host: '127.0.0.1' });
    t.after(() => client.destroy());
    await once(server, 'connection');
    const after = await held();
    assert.equal(new Set(after.map(({ id }) => id)).size, 2);
  }
  assert.equal((await hostOpenFiles().of(process.pid))?.workingFolder, process.cwd());
  assert.equal(await hostOpenFiles().of(2 ** 30), undefined);
});

test('what lsof prints on macOS is read: the working folder, Unix sockets with a path, ends of TCP connections', () => {
  const printed = [
    'p4711',
    ...['fcwd', 'tDIR', 'n/Users/me/vm'],
    ...['f3', 'tREG', 'n/Users/me/disk.qcow2'],
    ...['f7', 'tunix', 'd0x1111', 'n/tmp/a b/m.sock'],
    ...['f8', 'tunix', 'd0x2222', 'n->0x3333'],
    ...['f9', 'tIPv4', 'd0x4444', 'n127.0.0.1:4444'],
    ...['f10', 'tIPv4', 'd0x5555', 'n127.0.0.1:4444->127.0.0.1:51234'],
  ].join('\n');
  assert.deepEqual(readLsof(printed), {
    workingFolder: '/Users/me/vm',
    sockets: [
      { id: '0x1111', fd: 7, path: '/tmp/a b/m.sock' },
      { id: '127.0.0.1:4444', fd: 9, port: 4444 },
      { id: '127.0.0.1:4444->127.0.0.1:51234', fd: 10, port: 4444 },
    ],
  });
});

test('what PowerShell prints on Windows is read: a listener, and a connection to it', () => {
  assert.deepEqual(readTcpConnections('4444 0.0.0.0 0\r\n4444 127.0.0.1 51234\r\n'), [
    { id: '4444 0.0.0.0 0', port: 4444 },
    { id: '4444 127.0.0.1 51234', port: 4444 },
  ]);
});
