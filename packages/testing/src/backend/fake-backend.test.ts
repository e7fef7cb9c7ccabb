import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackendCall, MachineSpec, ResolvedStep } from '@goqemu/lab';
import { FakeBackend } from './fake-backend.ts';

const machine: MachineSpec = {
  name: 'web',
  kind: 'vm',
  arch: 'amd64',
  firmware: 'bios',
  accelerator: 'auto',
  memory: 2 ** 30,
  cpus: 1,
  disk: 10e9,
  display: false,
  user: 'debian',
  identity: {
    hostname: 'web',
    instanceId: 'i-1',
    mac: '52:54:00:00:00:01',
    machineId: '0'.repeat(32),
    sshPort: 22_000,
  },
  forwards: {},
  timeouts: {},
};
const call: BackendCall = {
  scope: { lab: 'lab', stack: 'default', lineage: '0123456789ab' },
  signal: new AbortController().signal,
  progress: () => undefined,
};

function run(script: string): ResolvedStep {
  return { kind: 'run', name: 'x', script, interpreter: '/bin/sh', user: 'root', environment: {}, timeoutMs: 1000 };
}

async function started(backend: FakeBackend, spec = machine): Promise<void> {
  const image = await backend.resolveImage('debian-12', 'amd64', call);
  await backend.start(spec, await backend.create(spec, { image }, call), call);
}

test('a layer brings the disk back to what it was', async () => {
  const backend = new FakeBackend();
  await started(backend);
  await backend.cutLayers([{ machine, record: {}, key: 'k0', ram: true, descriptions: [] }], call);
  await backend.runStep(machine, {}, run('rm -rf /'), call);
  assert.equal(backend.host.machine('web')?.disk.length, 2);
  await backend.restore(machine, {}, 'k0', call);
  assert.deepEqual(backend.host.machine('web')?.disk, ['image sha256:debian-12']);
});

test('a step that fails tells command, exit code and output, and stays half-done on the disk', async () => {
  const backend = new FakeBackend();
  await started(backend);
  await assert.rejects(backend.runStep(machine, {}, run('exit 7'), call), (error: { code: string; data: object }) => {
    assert.equal(error.code, 'step-failed');
    assert.deepEqual(Object.keys(error.data), ['command', 'exitCode', 'output']);
    return true;
  });
  assert.match(backend.host.machine('web')?.disk.at(-1) ?? '', /^half of /);
});

test('a verb fails at the moment that the fault chooses', async () => {
  for (const [moment, disk] of [
    ['before', 1],
    ['middle', 2],
    ['after', 2],
  ] as const) {
    const backend = new FakeBackend({
      fault: ({ verb }, now) => {
        if (verb === 'runStep' && now === moment) throw new Error(moment);
      },
    });
    await started(backend);
    await assert.rejects(backend.runStep(machine, {}, run('echo'), call), { message: moment });
    assert.equal(backend.host.machine('web')?.disk.length, disk);
  }
});

test('a cut on a disk that stands elsewhere is refused, and a key that is there stays as it is', async () => {
  const backend = new FakeBackend();
  await started(backend);
  const cut = (key: string, parent?: string) =>
    backend.cutLayers([{ machine, record: {}, key, ram: true, descriptions: [], ...(parent ? { parent } : {}) }], call);
  await assert.rejects(cut('k1', 'k0'), { code: 'fake-refused' });
  await cut('k0');
  await backend.runStep(machine, {}, run('echo'), call);
  await cut('k0');
  assert.equal(backend.host.layers.get('k0')?.disk.length, 1);
});

test('a cut of two machines puts both layers into the store, or none', async () => {
  const other = { ...machine, name: 'db', identity: { ...machine.identity, sshPort: 20_001 } };
  for (const [died, kept] of [
    ['', 2],
    ['db', 0],
  ] as const) {
    const backend = new FakeBackend({
      fault: ({ verb, subject }, moment) => {
        if (verb === 'cutLayers' && subject === died && moment === 'middle') throw new Error('died');
      },
    });
    await started(backend);
    await started(backend, other);
    const cut = (spec: typeof machine) => ({ machine: spec, record: {}, key: spec.name, ram: true, descriptions: [] });
    const cutting = backend.cutLayers([cut(machine), cut(other)], call);
    if (died) await assert.rejects(cutting, { message: 'died' });
    else await cutting;
    assert.equal(backend.host.layers.size, kept);
    assert.equal(backend.host.machine('web')?.layer, 'web');
  }
});

test('collection keeps what a kept layer or a machine stands on', async () => {
  const backend = new FakeBackend();
  await started(backend);
  for (const [key, parent] of [
    ['k0', undefined],
    ['k1', 'k0'],
    ['k2', 'k1'],
  ] as const) {
    await backend.cutLayers(
      [{ machine, record: {}, key, ram: true, descriptions: [], ...(parent ? { parent } : {}) }],
      call,
    );
  }
  await backend.restore(machine, {}, 'k1', call);
  assert.equal((await backend.collectLayers([], call)).removed, 1);
  assert.deepEqual([...backend.host.layers.keys()], ['k0', 'k1']);
  await backend.delete(machine, {}, call);
  assert.equal((await backend.collectLayers(['k0'], call)).removed, 1);
});

/** Layers k0, k1, … above one another, and the machine on the last. */
async function chainOf(backend: FakeBackend, length: number): Promise<void> {
  await started(backend);
  for (let index = 0; index < length; index++) {
    const parent = index === 0 ? {} : { parent: `k${index - 1}` };
    const cut = { machine, record: {}, key: `k${index}`, ram: true, descriptions: [], ...parent };
    await backend.cutLayers([cut], call);
  }
}

test('a coalesced layer is gone, and what stood on it stands on the one below', async () => {
  const backend = new FakeBackend();
  await chainOf(backend, 4);
  const surveyed = (await backend.surveyLayers(call)).get('k1');
  assert.deepEqual(surveyed?.above, [{ key: 'k2', saves: 1024 }]);
  assert.deepEqual(await backend.coalesceLayers(['k1', 'k2'], call), { keys: ['k1', 'k2'], bytes: 2048 });
  const survey = await backend.surveyLayers(call);
  assert.deepEqual([...survey.keys()], ['k0', 'k3']);
  assert.equal(survey.get('k3')?.parent, 'k0');
});

test('what a machine or another lab stands on is pinned, and stays', async () => {
  const backend = new FakeBackend();
  await chainOf(backend, 4);
  const other = { ...call, scope: { ...call.scope, lineage: 'ba9876543210' } };
  await backend.create({ ...machine, name: 'db' }, { layer: 'k1' }, other);
  assert.deepEqual((await backend.coalesceLayers(['k0', 'k1', 'k2', 'k3'], call)).keys, ['k2']);
  assert.deepEqual([...(await backend.surveyLayers(other)).keys()], ['k1']);
});

test('one who dies while layers are coalesced leaves every layer standing on one that is there', async () => {
  const backend = new FakeBackend({
    fault: ({ verb, subject }, moment) => {
      if (verb === 'coalesceLayers' && subject === 'k2' && moment === 'middle') throw new Error('died');
    },
  });
  await chainOf(backend, 4);
  await assert.rejects(backend.coalesceLayers(['k1', 'k2'], call), { message: 'died' });
  const { layers } = backend.host;
  assert.deepEqual([...layers.keys()], ['k0', 'k2', 'k3']);
  for (const { stored } of layers.values()) assert.ok(stored.parent === undefined || layers.has(stored.parent));
});

test('an aborted call does nothing', async () => {
  const backend = new FakeBackend();
  const aborted = { ...call, signal: AbortSignal.abort(new Error('stop')) };
  await assert.rejects(backend.create(machine, { layer: 'k0' }, aborted), { message: 'stop' });
  assert.equal(backend.host.machines.size, 0);
});
