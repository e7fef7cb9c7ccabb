import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { backendContract, type MachineSpec } from 'goqemu/backend';
import { FolderBackend } from './folder-backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'stranger-'));
after(() => rmSync(folder, { recursive: true }));

const machine: MachineSpec = {
  name: 'contract',
  kind: 'vm',
  arch: 'amd64',
  firmware: 'bios',
  accelerator: 'auto',
  memory: 2 ** 30,
  cpus: 1,
  disk: 10e9,
  display: false,
  user: 'nobody',
  identity: {
    hostname: 'contract',
    instanceId: 'i-contract',
    mac: '52:54:00:c0:ff:ee',
    machineId: 'c'.repeat(32),
    sshPort: 22_000,
  },
  forwards: {},
  timeouts: {},
};

for (const { name, run } of backendContract({
  backend: new FolderBackend(join(folder, 'right')),
  image: 'empty',
  machine,
}))
  test(name, run);

/** Leaves the disk as it is. */
class Forgetful extends FolderBackend {
  override async restore(...[spec, record]: Parameters<FolderBackend['restore']>) {
    return this.start(spec, record);
  }
}

test('a backend that goes back to no layer fails in that case', async () => {
  const failed: string[] = [];
  for (const { name, run } of backendContract({
    backend: new Forgetful(join(folder, 'wrong')),
    image: 'empty',
    machine,
  }))
    await Promise.resolve(run()).catch(() => failed.push(name));
  assert.deepEqual(failed, ['restoring a layer brings its disk back, and leaves the machine running']);
});
