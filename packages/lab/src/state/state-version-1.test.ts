import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import type { MachineSpec, StoredLayer } from '../index.ts';
import { labOfStateVersion1 } from './fixture/lab-of-state-version-1.ts';
import type { StoredFile } from './state-storage.ts';

/** The files of a lab whose apply was killed in the middle of a step, as the build of state version 1 left them, and its host. */
interface LeftByVersion1 {
  readonly files: Readonly<Record<StoredFile, string>>;
  readonly machines: Readonly<
    Record<
      string,
      { spec: MachineSpec; status: 'running' | 'stopped'; ready: boolean; disk: string[]; layer: string; boots: number }
    >
  >;
  readonly layers: readonly { stored: StoredLayer; disk: readonly string[]; owners: readonly string[] }[];
}

const left = JSON.parse(
  await readFile(new URL('./fixture/left-by-state-version-1.json', import.meta.url), 'utf8'),
) as LeftByVersion1;

function benchOfVersion1(without: readonly StoredFile[] = []): LabBench {
  const bench = new LabBench();
  const { files, machines, layers } = structuredClone(left);
  for (const [name, text] of Object.entries(files)) bench.storage.files.set(name as StoredFile, text);
  for (const name of without) bench.storage.files.delete(name);
  for (const [id, machine] of Object.entries(machines)) bench.host.machines.set(id, machine);
  for (const { owners, ...layer } of layers)
    bench.host.layers.set(layer.stored.key, { ...layer, owners: new Set(owners) });
  return bench;
}

const lines = async (bench: LabBench, edited: boolean) =>
  (await bench.plan(labOfStateVersion1({ edited }))).operations.map(({ id, reason }) => `${id}: ${reason}`);

test('state, journal and history of version 1 are read: the apply that was killed is settled and continues', async () => {
  const bench = benchOfVersion1();
  assert.deepEqual(await lines(bench, true), [
    'op-1: roll back to the layer after "token", run 1 step again, about 8 ms: a step was interrupted or failed',
    'op-2: it has not run yet',
  ]);
  const history = await bench.engine('left').history();
  assert.deepEqual(
    history.map(({ operations, serial }) => [operations, serial]),
    [
      [{ create: 3, run: 4, stop: 1 }, 1],
      [{ reuse: 1, replace: 1 }, 3],
    ],
  );
  const boots = bench.host.machine('db')?.boots;
  await bench.apply(labOfStateVersion1({ edited: true }));
  assert.deepEqual(await lines(bench, true), []);
  assert.equal(bench.host.machine('db')?.boots, boots, 'the machine that has not changed is left alone');
  assert.deepEqual(Object.keys(await bench.engine('left').outputs()), ['url', 'token']);
});

test('a manual checkpoint of a state of version 1 can be gone back to: its layers are found', async () => {
  const bench = benchOfVersion1();
  const { checkpoints } = await bench.engine('left').listCheckpoints();
  assert.deepEqual(checkpoints.map(({ origin, descriptions }) => `${origin}: ${descriptions[0]}`).sort(), [
    'taken: by hand',
  ]);
  await bench.engine('left').restoreCheckpoint('by hand');
  assert.deepEqual(await lines(bench, false), ['op-1: checkpoints changes']);
  await bench.apply(labOfStateVersion1({ edited: false }));
  assert.deepEqual(await lines(bench, false), []);
});

test('a lab of version 1 whose state.json is gone is rebuilt from the save and the journal before it', async () => {
  const bench = benchOfVersion1(['state', 'journal']);
  const plan = await bench.plan(labOfStateVersion1({ edited: false }));
  assert.equal(plan.notices[0]?.code, 'state-healed');
  await bench.apply(labOfStateVersion1({ edited: false }));
  assert.deepEqual(await lines(bench, false), []);
});

test('what an apply of version 1 has left is destroyed, with nothing left behind', async () => {
  const bench = benchOfVersion1();
  await bench.destroy(labOfStateVersion1({ edited: true }));
  assert.equal(bench.host.machines.size, 0);
});

test('from the first change on an older goqemu refuses the files by their version, also when the apply is killed', async () => {
  for (const bench of [benchOfVersion1(), new LabBench()]) {
    bench.storage.beforeChange = (kind, file) => {
      const written = JSON.parse(bench.storage.files.get('state') ?? '{}') as { version?: number };
      if (kind === 'append' && file === 'journal') assert.equal(written.version, 2);
    };
    await bench.apply(labOfStateVersion1({ edited: true }));
    const [open] = (bench.storage.files.get('journal-before') ?? '').split('\n');
    assert.ok(open?.includes('"kind":"open"'));
  }
});
