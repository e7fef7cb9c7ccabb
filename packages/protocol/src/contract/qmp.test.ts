import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { FakeQmpError, FakeQmpServer, findNewerQemu, socketPlace } from '@goqemu/testing';
import { type MonitorUnderTest, qmpContract } from './qmp-contract.ts';
import { type ServerProcess, startQemu, startStorageDaemon } from './server-process.ts';

qmpContract({ name: 'the fake', machine: true, start: startFake });
qmpContract({ name: 'QEMU', machine: true, start: async () => real(await startQemu()) });
qmpContract({ name: 'qemu-storage-daemon', machine: false, start: async () => real(await startStorageDaemon()) });

const newer = await findNewerQemu();
if (newer.found) {
  const { program, firmware, root } = newer;
  qmpContract({
    name: `QEMU ${newer.version}`,
    machine: true,
    start: async () => real(await startQemu(program, ['-L', firmware])),
  });
  qmpContract({
    name: `qemu-storage-daemon ${newer.version}`,
    machine: false,
    start: async () => real(await startStorageDaemon(join(root, 'usr/bin/qemu-storage-daemon'))),
  });
} else {
  test('a newer QEMU takes part in the contract when it is there', (context) => context.diagnostic(newer.reason));
}

async function startFake(): Promise<MonitorUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-contract-'));
  const server = await FakeQmpServer.listen({ listen: { path: socketPlace(folder, 's') } });
  server.handle('blockdev-create', async (args, { jobs }) => {
    const { filename } = args.options as { filename: string };
    const there = await stat(dirname(filename)).catch(() => undefined);
    if (there) await writeFile(filename, '');
    const error = there ? {} : { error: `Could not create '${filename}': No such file or directory` };
    if (jobs.get(String(args['job-id']))) throw new FakeQmpError('Job ID in use');
    jobs.start(String(args['job-id']), error);
  });
  return {
    address: server.address,
    folder,
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

function real(process: ServerProcess): MonitorUnderTest {
  return {
    address: { path: process.path },
    folder: process.folder,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
