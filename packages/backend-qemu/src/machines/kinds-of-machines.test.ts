import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import type { BackendCall, BackendRecord, CutLayer, MachineSpec } from '@goqemu/lab';
import { QemuBackend } from '../backend/qemu-backend.ts';

const home = await mkdtemp(join(tmpdir(), 'goqemu-kinds-'));
after(() => rm(home, { recursive: true }));

const scope = { lab: 'test', stack: 'default', lineage: '0123456789ab' };
const call: BackendCall = { scope, signal: new AbortController().signal, progress: () => undefined };
const machine = { name: 'web', identity: { sshPort: 20022 }, user: 'debian' } as unknown as MachineSpec;
/** Of a process that cannot be: pids are below 2 ** 22 (proc(5), pid_max). */
const gone = { pid: 2 ** 22 + 1, startTime: '1', bootId: 'before', serialLog: '/theirs/serial.log' };
const imported: BackendRecord = { adopted: { machine: gone, disk: '/theirs/disk.qcow2' } };

function backend(): QemuBackend {
  const platform = hostPlatform();
  return new QemuBackend({ platform: { ...platform, env: { ...platform.env, GOQEMU_HOME: home } } });
}

test('an imported machine is refused a cut and a restore, with what to do instead', async () => {
  await using host = backend();
  const refused = { code: 'imported-no-layers', hint: /goqemu apply --replace web/ };
  const cut = { machine, record: imported, key: 'k', ram: true, descriptions: [] } satisfies CutLayer;
  await assert.rejects(host.cutLayers([cut], call), refused);
  await assert.rejects(host.restore(machine, imported, 'k', call), refused);
});

test('what is gone is absent: its disk is reported for an imported machine, whose logs lie where its owner has them', async () => {
  await using host = backend();
  const seen = (await host.observe([{ machine, record: imported }], call)).get('web');
  assert.equal(seen?.status, 'absent');
  assert.match(seen?.reason ?? '', /\/theirs\/disk\.qcow2 is untouched/);
  const { logs } = host.machineOf(machine, imported, scope);
  assert.equal(logs.console, '/theirs/serial.log');
  assert.equal(logs.qemu, join(home, 'labs', 'test-0123456789ab', 'web', 'qemu.log'));
});

test('a machine of goqemu’s own that was never made is absent, and has no QEMU to attach to', async () => {
  await using host = backend();
  assert.deepEqual((await host.observe([{ machine, record: {} }], call)).get('web'), { status: 'absent' });
  await assert.rejects((await host.machineOf(machine, {}, scope).reach()).running(), { code: 'vm-missing' });
});
