import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, readdir, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createOverlay } from '@goqemu/machine';
import type { LayerManifest } from '../layers/layer-manifest.ts';
import { observeVm } from '../lifecycle/observe-vm.ts';
import { VmFolder } from '../vm/vm-folder.ts';
import { type VmState, writeVmState } from '../vm/vm-state.ts';
import { removeSuspension, suspensionMark, writeSuspension } from './suspension.ts';

/** The folder of a machine that was suspended; no QEMU ever ran. */
class SuspendedFolder implements AsyncDisposable {
  readonly folder: VmFolder;
  state: VmState = { version: 1, uuid: randomUUID(), disk: 'disk-1.qcow2' };

  private constructor(path: string) {
    this.folder = new VmFolder(path);
  }

  static async make(): Promise<SuspendedFolder> {
    const made = new SuspendedFolder(await mkdtemp(join(tmpdir(), 'goqemu-suspended-')));
    const { folder } = made;
    await writeFile(folder.file('image'), Buffer.alloc(2 ** 20));
    const backing = { backing: folder.file('image'), backingFormat: 'raw', size: 2 ** 20 } as const;
    await createOverlay(folder.file('disk-1.qcow2'), { qemuImg: 'qemu-img', ...backing });
    await writeFile(folder.file('suspended-ram'), 'pages');
    await writeFile(folder.file('suspended-devices'), 'devices');
    const sealed = async (name: string) => {
      const { size, mtimeMs } = await stat(folder.file(name));
      return { name, size, modified: mtimeMs };
    };
    const manifest: LayerManifest = {
      version: 1,
      id: 'a'.repeat(12),
      key: 'a'.repeat(64),
      descriptions: [],
      createdAt: new Date().toISOString(),
      owners: [],
      identity: { instanceId: 'i', lineage: 'l', user: 'debian', hostKey: 'k' },
      agent: true,
      disk: { name: 'disk-1.qcow2', size: 1 },
      ram: await sealed('suspended-ram'),
      state: await sealed('suspended-devices'),
      compatibility: {
        arch: 'amd64',
        memory: 1,
        cpus: 1,
        accelerator: 'tcg',
        machineType: 'pc',
        cpu: 'max',
        qemu: '7.2',
        devices: 'd',
      },
    };
    await writeSuspension(folder, manifest);
    await made.write({ suspended: await suspensionMark(folder, 'disk-1.qcow2') });
    return made;
  }

  async write(change: Partial<VmState>): Promise<void> {
    this.state = { ...this.state, ...change };
    await writeVmState(this.folder.state, this.state);
  }

  file(name: string): string {
    return this.folder.file(name);
  }

  observe() {
    return observeVm({ folder: this.folder }, {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder.path, { recursive: true });
  }
}

test('a machine whose RAM is whole is suspended, without a reason', async () => {
  await using machine = await SuspendedFolder.make();
  assert.deepEqual(await machine.observe(), { status: 'suspended' });
});

const damages: Readonly<Record<string, readonly [RegExp, (machine: SuspendedFolder) => Promise<unknown>]>> = {
  'is missing': [/suspended-ram is missing/, (machine) => unlink(machine.file('suspended-ram'))],
  'has another length': [/has 6 bytes instead of 5/, (machine) => appendFile(machine.file('suspended-ram'), 'x')],
  'was written to': [/written to after/, (machine) => utimes(machine.file('suspended-devices'), 1, 1)],
  'is not described': [/suspended.json is missing or damaged/, ({ folder }) => removeSuspension(folder)],
  'is older than the disk': [/disk was written to since/, (machine) => utimes(machine.file('disk-1.qcow2'), 1, 1)],
};

for (const [name, [reason, damage]] of Object.entries(damages))
  test(`a machine whose RAM ${name} is suspended, and its reason says so`, async () => {
    await using machine = await SuspendedFolder.make();
    await damage(machine);
    const found = await machine.observe();
    assert.equal(found.status, 'suspended');
    assert.match(found.reason ?? '', reason);
  });

test('a damaged description is read from its copy', async () => {
  await using machine = await SuspendedFolder.make();
  await writeFile(machine.folder.suspension, 'garbage');
  assert.deepEqual(await machine.observe(), { status: 'suspended' });
});

test('RAM that the folder does not name is none: the machine is stopped', async () => {
  await using machine = await SuspendedFolder.make();
  await machine.write({ suspended: undefined });
  assert.deepEqual(await machine.observe(), { status: 'stopped' });
});

test('removing a suspension leaves the disk and everything else', async () => {
  await using machine = await SuspendedFolder.make();
  await removeSuspension(machine.folder);
  await removeSuspension(machine.folder);
  assert.deepEqual((await readdir(machine.folder.path)).sort(), ['disk-1.qcow2', 'image', 'vm.json', 'vm.json.copy']);
});
