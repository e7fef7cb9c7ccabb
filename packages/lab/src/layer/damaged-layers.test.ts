import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { subjectOf } from '../resource/operation-subject.ts';

const lab = (last = 'three') =>
  defineLab({ name: 'web' }, (draft) => {
    draft
      .vm('web', { image: 'debian-12' })
      .run('one', 'echo one')
      .checkpoint('after-one')
      .run('two', 'echo two')
      .checkpoint('after-two')
      .run('three', `echo ${last}`)
      .checkpoint('after-three');
  });

async function applied(): Promise<{ bench: LabBench; layerOf: (name: string) => string }> {
  const bench = new LabBench();
  await bench.apply(lab());
  const { checkpoints } = await bench.engine('web').listCheckpoints();
  const layerOf = (name: string) =>
    checkpoints.find(({ descriptions }) => descriptions[0] === name)?.machines[0]?.layer ?? '';
  return { bench, layerOf };
}

function damage(bench: LabBench, key: string, what: 'disk' | 'ram'): void {
  const layer = bench.host.layers.get(key);
  assert.ok(layer);
  layer.damage = what;
}

const reasons = async (bench: LabBench, options: Parameters<LabBench['plan']>[1] = {}) =>
  (await bench.plan(lab(), options)).operations.map((one) => `${one.action} ${subjectOf(one)}: ${one.reason}`);

const noticed = (bench: LabBench) =>
  bench.events.flatMap((event) => (event.type === 'notice' && event.code === 'layer-damaged' ? [event.message] : []));

test('a layer whose disk is damaged counts as lost: the plan says so, and its steps run again from the one below', async () => {
  const { bench, layerOf } = await applied();
  damage(bench, layerOf('after-two'), 'disk');
  const planned = await reasons(bench);
  assert.match(planned[0] ?? '', /restore web: roll back to the layer after "one", run 2 steps again/);
  assert.equal(noticed(bench).length > 0, true);
  const boots = bench.host.machine('web')?.boots ?? 0;
  await bench.apply(lab());
  assert.deepEqual(await reasons(bench), []);
  assert.equal(bench.host.machine('web')?.boots, boots + 1);
  assert.equal(bench.host.layers.get(layerOf('after-two'))?.damage, undefined);
  await bench.engine('web').restoreCheckpoint('after-two');
});

test('a layer whose RAM is damaged stays: its checkpoint is one of the disk alone', async () => {
  const { bench, layerOf } = await applied();
  damage(bench, layerOf('after-three'), 'ram');
  assert.deepEqual(await reasons(bench), []);
  const { checkpoints } = await bench.engine('web').listCheckpoints();
  assert.deepEqual(checkpoints.find(({ descriptions }) => descriptions[0] === 'after-three')?.contents, ['disk']);
  await bench.engine('web').restoreCheckpoint('after-three');
});

test('a machine is not deleted for one to be made from a layer that was damaged since the plan', async () => {
  const { bench, layerOf } = await applied();
  const engine = bench.engine('web');
  const plan = await engine.plan(await engine.evaluate(lab()), { replace: ['web'] });
  assert.equal(plan.operations.find(({ action }) => action === 'replace')?.resource.name, 'web');
  damage(bench, layerOf('after-three'), 'disk');
  const { errors } = await engine.apply(plan);
  assert.equal(errors[0]?.error.code, 'layer-missing');
  assert.equal(bench.host.machine('web')?.status, 'running', 'it runs on');
  // The way out: plan again.
  await bench.apply(lab(), { replace: ['web'] });
  assert.deepEqual(await reasons(bench), []);
});

test('a rollback that finds its layer damaged leaves the machine as it is, and the next one goes below', async () => {
  const { bench, layerOf } = await applied();
  const engine = bench.engine('web');
  const plan = await engine.plan(await engine.evaluate(lab('other')));
  assert.equal(plan.operations[0]?.action, 'restore');
  damage(bench, layerOf('after-two'), 'disk');
  const { errors } = await engine.apply(plan);
  assert.equal(errors[0]?.error.code, 'layer-missing');
  assert.match(errors[0]?.error.hint ?? '', /plan again/);
  const machine = bench.host.machine('web');
  assert.equal(machine?.status, 'running');
  assert.match((await reasons(bench))[0] ?? '', /"after-two" is to name the layer/, 'not a step that was interrupted');
  await bench.apply(lab('other'));
  assert.deepEqual((await bench.plan(lab('other'))).operations, []);
});

test('when every layer is damaged the machine is made from its image', async () => {
  const { bench } = await applied();
  for (const key of bench.host.layers.keys()) damage(bench, key, 'disk');
  assert.match((await reasons(bench))[0] ?? '', /^replace web: .*no layer is left to go back to/);
  await bench.apply(lab());
  assert.deepEqual(await reasons(bench), []);
  for (const layer of bench.host.layers.values()) assert.equal(layer.damage, undefined);
});

test('a manual checkpoint that is damaged is refused, and the advice names a command that works', async () => {
  const { bench, layerOf: _ } = await applied();
  const engine = bench.engine('web');
  const { id, machines } = await engine.createCheckpoint({ description: 'mine' });
  damage(bench, machines[0]?.layer ?? '', 'disk');
  await assert.rejects(engine.restoreCheckpoint('mine'), (error: { code?: string; hint?: string }) => {
    assert.equal(error.code, 'checkpoint-damaged');
    assert.equal(error.hint, `nothing was changed; forget it with: goqemu checkpoint delete ${id}`);
    return true;
  });
  await engine.deleteCheckpoint(id);
  assert.ok((await engine.listCheckpoints()).checkpoints.every((one) => one.id !== id));
  assert.equal(bench.host.machine('web')?.status, 'running');
});
