import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostPlatform, hostProcessTable } from '@goqemu/core';
import type { QemuInstallation } from '@goqemu/machine';
import { Vm } from '../vm/vm.ts';
import type { VmHost } from '../vm/vm-host.ts';
import type { VmSpec } from '../vm/vm-spec.ts';
import { type BootMemory, bootMemory } from './boot-memory.ts';

const gibibyte = 2 ** 30;

function qemu(major: number, minor: number): QemuInstallation {
  const features = {
    objects: ['memory-backend-file', 'memory-backend-memfd'],
    migrationCapabilities: ['x-ignore-shared'],
    commands: [],
  };
  return { version: { major, minor, micro: 0, text: '' }, features } as unknown as QemuInstallation;
}

/** Machines of 1 GiB on a Linux with this much room in memory and on the disk. */
async function lab(t: TestContext, room: { readonly memory: number; readonly disk: number }) {
  const folder = await mkdtemp(join(tmpdir(), 'gqr-'));
  t.after(() => rm(folder, { recursive: true }));
  const host = {
    platform: { ...hostPlatform(), system: 'linux', env: {}, temporaryFolder: folder },
    room: {
      disk: async (place: string) => (place.startsWith('/dev/shm') ? room.memory : room.disk),
      memory: async () => 64 * gibibyte,
    },
  } as unknown as VmHost;
  const start = async (name: string, installation = qemu(8, 1)): Promise<BootMemory> => {
    const spec = { name, memory: gibibyte } as unknown as VmSpec;
    const vm = new Vm(host, { lineage: '0123456789ab', labFolder: join(folder, 'labs') }, spec);
    await mkdir(vm.folder.path, { recursive: true });
    return bootMemory(vm, installation, { needed: gibibyte, runtimeFolder: vm.runtimeFolder }, {});
  };
  const place = (name: string) => join(folder, 'labs', name);
  const runtime = join(folder, `goqemu-${process.getuid?.()}`);
  return { start, place, runtime };
}

const pathOf = ({ backend }: BootMemory) => (backend && 'path' in backend ? backend.path : backend?.kind);

test('machines that start at once are not promised the same room: the next one lies beside its disk', async (t) => {
  const { start, place } = await lab(t, { memory: 1.5 * gibibyte, disk: 1.5 * gibibyte });
  const [a, b, c] = await Promise.allSettled(['a', 'b', 'c'].map((name) => start(name)));
  const started = [a, b, c].flatMap((one, index) =>
    one?.status === 'fulfilled' ? [pathOf(one.value)?.replace(place('abc'[index] ?? ''), 'beside')] : [],
  );
  assert.deepEqual(started.sort(), ['/dev/shm', 'beside']);
  const refused = [a, b, c].find((one) => one?.status === 'rejected');
  assert.equal(refused?.reason.code, 'no-room');
  assert.match(refused?.reason.message, /takes up to 1 GiB, and of \/dev\/shm 512 MiB are left, of .* 512 MiB/);
});

test('room that is given back, or whose QEMU has ended, is there for the next', async (t) => {
  const { start, runtime } = await lab(t, { memory: gibibyte, disk: 0 });
  const first = await start('a');
  await assert.rejects(start('b'), { code: 'no-room' });
  await first[Symbol.asyncDispose]();
  const second = await start('b');
  const qemuProcess = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(qemuProcess, 'spawn');
  const identity = await hostProcessTable().identify(qemuProcess.pid ?? 0);
  assert.ok(identity);
  await second.handOver(identity);
  await second[Symbol.asyncDispose]();
  await assert.rejects(start('c'), { code: 'no-room' });
  qemuProcess.kill('SIGKILL');
  await once(qemuProcess, 'exit');
  const third = await start('c');
  assert.equal(pathOf(third), '/dev/shm');
  assert.deepEqual(
    (await readdir(runtime)).filter((name) => name.endsWith('.lock')),
    [],
  );
});

test('a machine that is started again does not stand in its own way', async (t) => {
  const { start } = await lab(t, { memory: gibibyte, disk: 0 });
  await start('a');
  assert.equal(pathOf(await start('a')), '/dev/shm');
});

test('what a crash of the host left of a promise is none', async (t) => {
  const { start, runtime } = await lab(t, { memory: gibibyte, disk: 0 });
  await start('a');
  const [folder = ''] = await readdir(runtime);
  const file = join(runtime, folder, 'room');
  assert.match(await readFile(file, 'utf8'), /"started":false/);
  await writeFile(file, '{"version":1,');
  assert.equal(pathOf(await start('b')), '/dev/shm');
});

test('a memfd is in no file system: nothing is kept for it', async (t) => {
  const { start } = await lab(t, { memory: 0, disk: 0 });
  for (const name of ['a', 'b']) assert.equal(pathOf(await start(name, qemu(7, 2))), 'memfd');
});
