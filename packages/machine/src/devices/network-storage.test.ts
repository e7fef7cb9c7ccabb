import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasErrorCode, sleep, withDeadline } from '@goqemu/core';
import { execa } from 'execa';
import type { MachineConfigInput } from '../configuration/machine-config.ts';
import { temporaryFolder, testMachine } from '../fixture/test-machine.ts';
import { freePort, testServer } from '../fixture/test-server.ts';
import type { Machine } from '../machine/machine.ts';

type Source = NonNullable<MachineConfigInput['drives']>[number]['source'];

const size = 4 * 2 ** 20;

/** A raw disk full of noise. */
async function noisyDisk(folder: string): Promise<string> {
  const path = join(folder, 'served');
  await writeFile(path, randomBytes(size));
  return path;
}

/** What QEMU reads from one of its disks, copied out by a job of its block layer. */
async function readThrough(machine: Machine, id: string, folder: string): Promise<Buffer> {
  const copy = join(folder, 'copy');
  await writeFile(copy, Buffer.alloc(size));
  await machine.qmp.executeUntyped('blockdev-add', { driver: 'file', filename: copy, 'node-name': 'copy' });
  await machine.qmp.executeUntyped('blockdev-backup', {
    'job-id': 'copying',
    device: id,
    target: 'copy',
    sync: 'full',
    'auto-dismiss': false,
  });
  await withDeadline('copying a disk', 20_000, undefined, async (signal) => {
    for (;;) {
      const [job] = await machine.qmp.execute('query-jobs');
      if (job?.status === 'concluded') return assert.equal(job.error, undefined);
      await sleep(20, signal);
    }
  });
  await machine.qmp.execute('job-dismiss', { id: 'copying' });
  await machine.qmp.execute('blockdev-del', { 'node-name': 'copy' });
  return await readFile(copy);
}

/** A machine reads what is served and writes to it. */
async function readsAndWrites(t: TestContext, served: string, folder: string, config: MachineConfigInput) {
  const machine = await testMachine(t, config);
  assert.ok((await readThrough(machine, 'disk0', folder)).equals(await readFile(served)), 'QEMU reads what is served');
  await machine.humanMonitor('qemu-io -d disk0/virtio-backend "write -P 0x5a 8192 4096"');
  await machine.quit(); // which flushes
  const after = await readFile(served);
  assert.ok(after.subarray(8192, 12_288).equals(Buffer.alloc(4096, 0x5a)), 'what QEMU wrote is on the server');
}

const raw = (source: Source): MachineConfigInput => ({ drives: [{ source, format: 'raw' }] });

test('a disk on an NBD server is read and written over a Unix socket', async (t) => {
  const folder = await temporaryFolder(t);
  const served = await noisyDisk(folder);
  const path = join(folder, 'n,b d');
  const share = ['--persistent', '--format=raw', '--export-name=the export', '--cache=writethrough'];
  await testServer(t, 'qemu-nbd', { argv: [...share, `--socket=${path}`, served], at: { path } });
  await readsAndWrites(t, served, folder, raw({ kind: 'nbd', server: { path }, export: 'the export' }));
});

test('a disk on an NBD server is read and written over loopback', async (t) => {
  const folder = await temporaryFolder(t);
  const served = await noisyDisk(folder);
  const at = { host: '127.0.0.1', port: await freePort() };
  const share = ['--persistent', '--format=raw', '--bind=127.0.0.1', `--port=${at.port}`];
  await testServer(t, 'qemu-nbd', { argv: [...share, served], at });
  await readsAndWrites(t, served, folder, raw({ kind: 'nbd', server: at }));
});

test('a disk on an iSCSI target is read and written, with the password from a secret', async (t) => {
  const folder = await temporaryFolder(t);
  const served = await noisyDisk(folder);
  const at = { host: '127.0.0.1', port: await freePort() };
  const environment = { TGT_IPC_SOCKET: join(folder, 'ipc') };
  await testServer(t, 'tgtd', { argv: ['--foreground', '--iscsi', `portal=127.0.0.1:${at.port}`], at, environment });
  const target = 'iqn.2026-01.org.example:disk';
  const admin = (...words: string[]) => execa('tgtadm', ['--lld', 'iscsi', ...words], { env: environment });
  await admin('--op', 'new', '--mode', 'target', '--tid', '1', '--targetname', target);
  await admin('--op', 'new', '--mode', 'logicalunit', '--tid', '1', '--lun', '1', '--backing-store', served);
  await admin('--op', 'bind', '--mode', 'target', '--tid', '1', '--initiator-address', 'ALL');
  await admin('--op', 'new', '--mode', 'account', '--user', 'me', '--password', 'correct horse');
  await admin('--op', 'bind', '--mode', 'account', '--tid', '1', '--user', 'me');
  const secret = join(folder, 'secret');
  await writeFile(secret, 'correct horse');
  const portal = `127.0.0.1:${at.port}`;
  const source: Source = { kind: 'iscsi', portal, target, lun: 1, user: 'me', passwordSecret: 'key' };
  await readsAndWrites(t, served, folder, { ...raw(source), secrets: [{ id: 'key', path: secret }] });
  await writeFile(secret, 'wrong horse');
  await assert.rejects(testMachine(t, { ...raw(source), secrets: [{ id: 'key', path: secret }] }), (error) =>
    hasErrorCode(error, 'storage-unreachable'),
  );
});

test('QEMU speaks Ceph to the monitor that its RBD disk names, and what does not answer is reported', async (t) => {
  const folder = await temporaryFolder(t);
  const received: Buffer[] = [];
  const monitor = createServer((socket: Socket) => {
    socket.on('data', (bytes) => received.push(bytes)).on('error', () => undefined); // librados lets go as it likes
  }).listen(0, '127.0.0.1');
  await once(monitor, 'listening');
  t.after(() => monitor.close());
  const { port } = monitor.address() as { port: number };
  const configuration = join(folder, 'ceph.conf');
  await writeFile(
    configuration,
    `[global]\nmon_host = v2:127.0.0.1:${port}\nclient_mount_timeout = 1\nauth_client_required = none\n`,
  );
  const source = { kind: 'rbd' as const, pool: 'p', image: 'i', user: 'me', configuration };
  await assert.rejects(
    testMachine(t, raw({ ...source, configuration: join(folder, 'a,b') })),
    (error) => hasErrorCode(error, 'machine-config-invalid') && /without blanks/.test(error.message),
  );
  await assert.rejects(
    testMachine(t, raw(source)),
    (error) => hasErrorCode(error, 'storage-unreachable') && /error connecting/.test(error.detail ?? ''),
  );
  assert.match(Buffer.concat(received).toString('latin1'), /^ceph v2\n/);
});

test('a server that is not there is reported as storage that cannot be reached', async (t) => {
  const at = { host: '127.0.0.1', port: await freePort() };
  const path = join(await temporaryFolder(t), 'absent');
  const sources: Source[] = [
    { kind: 'nbd', server: { path } },
    { kind: 'nbd', server: at },
    { kind: 'iscsi', portal: `127.0.0.1:${at.port}`, target: 'iqn.x' },
  ];
  for (const source of sources) {
    await assert.rejects(testMachine(t, raw(source)), (error) => hasErrorCode(error, 'storage-unreachable'));
  }
});
