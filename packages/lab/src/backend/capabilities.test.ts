import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';

const none = {
  ramLayers: false,
  suspendMachines: false,
  importMachines: false,
  coalesceLayers: false,
  flattenLayers: false,
  liveForwards: false,
};
const lab = (...scripts: readonly string[]) =>
  defineLab({ name: 'web', layers: { perMachine: 3 } }, (builder) => {
    const web = builder.vm('web');
    for (const [index, script] of scripts.entries()) web.run(`step ${index}`, script);
  });
const benchOf = (capabilities: Partial<typeof none>) => new LabBench({ labFile: import.meta.filename, capabilities });

test('on a backend whose layers are disks alone, labs are applied, changed and taken back, by disks', async () => {
  const bench = benchOf({ ramLayers: false });
  await bench.apply(lab('echo 1', 'echo 2'));
  const { id } = await bench.engine('web').createCheckpoint({ description: 'before' });
  await bench.apply(lab('echo 1', 'echo 3'));
  assert.deepEqual((await bench.plan(lab('echo 1', 'echo 3'))).operations, []);
  await bench.tryApply(lab('echo 1', 'exit 7'));
  await bench.engine('web').restoreCheckpoint(id);
  const layers = [...bench.host.layers.values()];
  assert.ok(layers.length >= 4);
  assert.ok(layers.every(({ stored }) => !stored.ram));
  assert.deepEqual((await bench.plan(lab('echo 1', 'echo 2'))).operations, []);
});

test('a backend that cannot import refuses it by its name, before anything is read or locked', async () => {
  const bench = benchOf({ importMachines: false });
  const engine = bench.engine('web');
  const evaluated = await engine.evaluate(lab());
  await assert.rejects(engine.importMachine(evaluated, { machine: 'web', target: { pid: 4711 } }), {
    code: 'import-refused',
    message: 'the backend "fake" cannot import machines',
    hint: /goqemu apply/,
  });
});

test('layers beyond the limits stay on a backend that cannot coalesce them', async () => {
  const bench = benchOf({ coalesceLayers: false });
  await bench.apply(lab('echo 1', 'echo 2', 'echo 3', 'echo 4', 'echo 5', 'echo 6'));
  assert.equal(bench.host.layers.size, 7);
  const preview = await bench.engine('web').pruneLayers({ dryRun: true });
  assert.equal(preview.coalesced, 0);
  assert.deepEqual(await bench.engine('web').pruneLayers(), { ...preview, dryRun: false });
});

test('flattening is skipped with a notice on a backend that cannot', async () => {
  const bench = benchOf({ flattenLayers: false });
  await bench.apply(lab('echo 1'));
  const engine = bench.engine('web');
  const { id } = await engine.createCheckpoint({ description: 'flat' });
  assert.deepEqual((await engine.flattenCheckpoint(id)).machines, []);
  assert.ok(bench.events.some((event) => event.type === 'notice' && event.code === 'flatten-unsupported'));
});

test('a backend that can do nothing beyond what it must carries a lab from apply to destroy', async () => {
  const bench = benchOf(none);
  await bench.apply(lab('echo 1', 'echo 2', 'echo 3', 'echo 4'));
  await bench.apply(lab('echo 1', 'echo 2'));
  const engine = bench.engine('web');
  await engine.apply(await engine.planDestroy());
  assert.equal(bench.host.machines.size, 0);
});

test('a backend that cannot change forwards of a machine that runs restarts it for them, and refuses changes manually', async () => {
  const bench = benchOf({ liveForwards: false });
  const at = (host: number) =>
    defineLab({ name: 'web' }, (l) => void l.vm('web', { forward: { http: { guest: 80, host } } }));
  await bench.apply(at(8001));
  const { plan } = await bench.apply(at(8002));
  assert.deepEqual(
    plan.operations.map(({ reason }) => reason),
    ['restart: forward.http changes'],
  );
  assert.equal(bench.host.machine('web')?.boots, 2);
  await assert.rejects(bench.engine('web').planForward({ machine: 'web', add: { host: 0, guest: 81 } }), {
    code: 'forward-refused',
    message: /^web runs, and its forwarded ports cannot change/,
  });
});
