import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import type { MachineSpec, StoredLayer } from '../index.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import { labOfVersion1, writeSources } from './fixture/lab-of-version-1.ts';
import type { Plan } from './plan.ts';

/** State, machines and layers as the build before versions left them (commit d15f6cd, on the fake backend). */
interface MadeByVersion1 {
  readonly state: Readonly<Record<string, unknown>>;
  readonly machines: Readonly<
    Record<
      string,
      { spec: MachineSpec; status: 'running'; ready: boolean; disk: string[]; layer: string; boots: number }
    >
  >;
  readonly layers: readonly { stored: StoredLayer; disk: readonly string[]; owners: readonly string[] }[];
}

const made = JSON.parse(
  await readFile(new URL('./fixture/made-by-version-1.json', import.meta.url), 'utf8'),
) as MadeByVersion1;
const baseOfVersion1 = 'f78fc838a70b7696072c85b64ee966465f00a40be6c5d8160ed4968d9fb79bb4';

let folder = '';
let bench: LabBench;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-versions-'));
  await writeSources(folder);
  bench = new LabBench({ labFile: join(folder, 'lab.ts') });
  const { state, machines, layers } = structuredClone(made);
  await bench.storage.write('state', JSON.stringify(state));
  for (const [id, machine] of Object.entries(machines)) bench.host.machines.set(id, machine);
  for (const { owners, ...layer } of layers)
    bench.host.layers.set(layer.stored.key, { ...layer, owners: new Set(owners) });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lines = (plan: Plan) => plan.operations.map((operation) => `${operation.action} ${subjectOf(operation)}`);
const notices = (plan: Plan) => plan.notices.map(({ code, message, hint }) => [code, message, hint]);
/** What the state says of a machine. */
function machine(name: string): { readonly base: string; readonly applied: readonly { readonly key: string }[] } {
  const { resources, machines } = JSON.parse(bench.storage.files.get('state') ?? '');
  return (resources?.machine ?? machines)[name];
}

test('machines of an earlier version are kept, and the plan says what they keep and how to renew them', async () => {
  const plan = await bench.plan(labOfVersion1());
  assert.deepEqual(lines(plan), []);
  const where = '"goqemu help lab#machines-of-an-earlier-goqemu" says what differs';
  assert.deepEqual(notices(plan), [
    [
      'older-version',
      'base keeps what an earlier goqemu made: its first boot (version 1, today 2), the upload "rootfs" (version 1, today 2), and so does what is made from it (web)',
      `goqemu apply --replace base recreates them the current way; ${where}`,
    ],
    [
      'older-version',
      'web keeps what an earlier goqemu made: the upload "site" (version 1, today 2), the upload "conf" (version 1, today 2)',
      `goqemu apply --replace web recreates it the current way; ${where}`,
    ],
    [
      'older-version',
      'db keeps what an earlier goqemu made: its first boot (version 1, today 2)',
      `goqemu apply --replace db recreates it the current way; ${where}`,
    ],
  ]);
});

test('a step that is edited goes back to the layers of the earlier version', async () => {
  const { plan } = await bench.apply(labOfVersion1({ reload: 'systemctl restart nginx' }));
  assert.deepEqual(lines(plan), ['restore web', 'run web/reload']);
  assert.match(plan.operations[0]?.reason ?? '', /^roll back to the layer after "token", run 1 step again/);
  const { base, applied } = machine('web');
  assert.equal(base, baseOfVersion1);
  assert.deepEqual(lines(await bench.plan(labOfVersion1({ reload: 'systemctl restart nginx' }))), []);
  assert.equal(applied.length, 7);
});

test('an upload whose files are edited runs again as today, on the layers of the earlier version', async () => {
  await writeFile(join(folder, 'app.conf'), 'a=2\n');
  const { plan } = await bench.apply(labOfVersion1());
  assert.deepEqual(lines(plan).slice(0, 2), ['restore web', 'run web/conf']);
  assert.equal(machine('web').base, baseOfVersion1);
  const after = await bench.plan(labOfVersion1());
  assert.deepEqual(lines(after), []);
  assert.match(after.notices[1]?.message ?? '', /^web keeps .* made: the upload "site" \(version 1, today 2\)$/);
});

test('a new machine has today’s key, though the first layer of the earlier one would fit', async () => {
  const { plan } = await bench.apply(labOfVersion1({ more: true }));
  assert.deepEqual(lines(plan), ['create more']);
  assert.notEqual(machine('more').base, machine('db').base);
  assert.equal(machine('db').base, baseOfVersion1);
});

test('--replace renews a machine, and a template together with what is made from it', async () => {
  const { plan } = await bench.apply(labOfVersion1(), { replace: ['db'] });
  assert.deepEqual(lines(plan), ['replace db', 'run db/join']);
  assert.notEqual(machine('db').base, baseOfVersion1);
  assert.equal(machine('web').base, baseOfVersion1);

  const renewed = await bench.apply(labOfVersion1(), { replace: ['base'] });
  assert.deepEqual(
    lines(renewed.plan).filter((line) => line.startsWith('replace')),
    ['replace base', 'replace web'],
  );
  assert.match(
    renewed.plan.operations.find(({ resource }) => resource.name === 'web')?.reason ?? '',
    /^recreate: its base is built again/,
  );
  const after = await bench.plan(labOfVersion1());
  assert.deepEqual(lines(after), []);
  assert.deepEqual(after.notices, []);
});

test('a machine whose disk is gone is made from its own layers, and as today when none is left', async () => {
  bench.host.loseDisk('web');
  const kept = await bench.plan(labOfVersion1());
  assert.deepEqual(lines(kept).slice(0, 2), ['reuse web/reload', 'replace web']);

  bench.host.loseDisk('db');
  for (const { key } of machine('db').applied) bench.host.layers.delete(key);
  const { plan } = await bench.apply(labOfVersion1());
  assert.ok(lines(plan).includes('replace db'));
  assert.notEqual(machine('db').base, baseOfVersion1);
  assert.equal(machine('web').base, baseOfVersion1);
  assert.deepEqual(lines(await bench.plan(labOfVersion1())), []);
});

test('what changes a machine in earnest makes it as today', async () => {
  const { plan } = await bench.apply(labOfVersion1({ disk: '20 GB' }));
  assert.ok(lines(plan).includes('replace base') && lines(plan).includes('replace web'));
  assert.match(plan.operations.find(({ resource }) => resource.name === 'web')?.reason ?? '', /disk grows/);
  assert.notEqual(machine('web').base, baseOfVersion1);
});

test('destroy and apply again is new, and a manual checkpoint of the earlier version can be gone back to', async () => {
  await bench.engine('kept').restoreCheckpoint('by hand');
  assert.deepEqual(lines(await bench.plan(labOfVersion1())), []);
  await bench.destroy(labOfVersion1());
  await bench.apply(labOfVersion1());
  assert.notEqual(machine('web').base, baseOfVersion1);
});
