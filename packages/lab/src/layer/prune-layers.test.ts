import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { subjectOf } from '../resource/operation-subject.ts';

const lab = (script: string) =>
  defineLab({ name: 'web' }, (builder) => {
    builder.vm('web').run('one', '1').checkpoint('ready').run('two', script);
  });

test('pruning gives up what no machine and no checkpoint needs, and a dry run only tells', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  await bench.apply(lab('2'));
  const engine = bench.engine('web');
  const unnamed = { bytes: 4096, budget: 20 * 2 ** 30 };
  const nothing = { version: 1, dryRun: false, removed: 0, coalesced: 0, bytes: 0, unnamed };
  assert.deepEqual(await engine.pruneLayers(), nothing);
  await bench.apply(lab('other'));
  const before = bench.host.layers.size;
  const preview = await engine.pruneLayers({ dryRun: true });
  assert.equal(preview.removed, 1);
  assert.equal(bench.host.layers.size, before);
  assert.deepEqual(await engine.pruneLayers(), { ...preview, dryRun: false });
  assert.equal(bench.host.layers.size, before - 1);
  assert.deepEqual((await bench.plan(lab('other'))).operations, []);
  const { plan } = await bench.apply(lab('2'));
  assert.deepEqual(
    plan.operations.map((one) => `${one.action} ${subjectOf(one)}`),
    ['restore web', 'run web/two'],
  );
});

test('after a destroy every layer goes, and the next apply begins from the image', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  await bench.apply(lab('2'));
  await bench.destroy(lab('2'));
  assert.ok(bench.host.layers.size > 0, 'a destroyed lab keeps its layers');
  await bench.engine('web').pruneLayers();
  assert.equal(bench.host.layers.size, 0);
  const { plan } = await bench.apply(lab('2'));
  assert.equal(plan.operations[0]?.reason, 'not created yet');
});

test('a lab that was never applied has nothing to prune, and gets no state by it', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  assert.equal((await bench.engine('web').pruneLayers()).removed, 0);
  assert.equal(bench.storage.files.size, 0);
});

test('a dry run tells what the run leaves, also where a checkpoint stands on layers that no step needs any more', async () => {
  for (const budget of ['1 KiB', '20 GiB'] as const) {
    const labOf = (...scripts: readonly string[]) =>
      defineLab({ name: 'web', layers: { budget, perMachine: 2 } }, (builder) => {
        const web = builder.vm('web');
        for (const [index, script] of scripts.entries()) web.run(`step ${index}`, script);
      });
    const bench = new LabBench({ labFile: import.meta.filename });
    const engine = bench.engine('web');
    await bench.apply(labOf('1', '2', '3'));
    await engine.createCheckpoint({ description: 'manual' });
    await bench.apply(labOf('1', 'other'));
    const preview = await engine.pruneLayers({ dryRun: true });
    const did = await engine.pruneLayers();
    assert.deepEqual(did, { ...preview, dryRun: false }, `with a budget of ${budget}`);
    assert.ok(did.unnamed.bytes > 0);
    assert.deepEqual(await engine.pruneLayers({ dryRun: true }), {
      ...did,
      dryRun: true,
      removed: 0,
      coalesced: 0,
      bytes: 0,
    });
  }
});
