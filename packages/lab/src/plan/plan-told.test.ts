import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import { isOfMachine } from './machine-operation.ts';
import type { Plan } from './plan.ts';

const shown = ({ operations }: Plan) =>
  operations.map(({ diff, ...operation }) => ({
    resource: subjectOf(operation),
    ...Object.fromEntries(
      diff
        .filter(({ property }) => ['kind', 'checkpoint'].includes(property))
        .map(({ property, after }) => [property, after]),
    ),
  }));

test('a plan shows where a declared checkpoint is taken, and a capture as one', async () => {
  const lab = defineLab({ name: 'planned' }, (builder) => {
    builder
      .vm('web', { memory: '1 GiB' })
      .checkpoint('bare')
      .run('one', 'echo one')
      .checkpoint('ready')
      .checkpoint('again')
      .capture('token', 'echo secret');
  });
  assert.deepEqual(shown(await new LabBench().plan(lab)), [
    { resource: 'web', checkpoint: 'bare' },
    { resource: 'web/one', kind: 'run', checkpoint: 'ready, again' },
    { resource: 'web/token', kind: 'capture' },
  ]);
});

test('another limit of a capture plans nothing, and reaches the step that runs', async () => {
  const lab = (script: string, maxBytes?: number) =>
    defineLab({ name: 'planned' }, (builder) => {
      builder.vm('web').capture('token', script, maxBytes === undefined ? {} : { maxBytes });
    });
  const bench = new LabBench();
  await bench.apply(lab('echo secret'));
  for (const maxBytes of [1, 2 ** 24]) {
    const { operations } = await bench.plan(lab('echo secret', maxBytes));
    assert.deepEqual(operations, []);
  }
  const { operations } = await bench.plan(lab('echo other', 512));
  const limits = operations
    .filter(isOfMachine)
    .flatMap(({ work }) => (work.verb === 'step' && work.step.kind === 'run' ? [work.step.maxBytes] : []));
  assert.deepEqual(limits, [512]);
});

const steps = (...scripts: readonly string[]) =>
  defineLab({ name: 'planned' }, (builder) => {
    const web = builder.vm('web', { memory: '1 GiB' });
    for (const [index, script] of scripts.entries()) web.run(`step ${index}`, script);
  });

/** The restore of a plan. */
async function restoreIn(bench: LabBench, ...scripts: readonly string[]) {
  const { operations } = await bench.plan(steps(...scripts));
  return operations.find(({ action }) => action === 'restore');
}

test('a restore that boots says so and why, and its estimate is that of a boot', async () => {
  const bench = new LabBench({
    fault: ({ verb }, moment) => {
      // What each way takes: a boot is long.
      if (verb === 'restore' && moment === 'middle') bench.now += bench.host.layers.size > 0 && slow ? 60_000 : 1_000;
    },
  });
  let slow = false;
  await bench.apply(steps('a', 'b', 'c', 'd', 'e'));

  // The newest two layers have RAM, and the first.
  const near = await restoreIn(bench, 'a', 'b', 'c', 'd', 'other');
  assert.match(near?.reason ?? '', /^roll back to the layer after "step 3", run 1 step again: /);
  const far = await restoreIn(bench, 'a', 'b', 'other');
  assert.match(
    far?.reason ?? '',
    /^roll back: boots from the layer after "step 1", its RAM is not kept, run 1 step again: /,
  );
  assert.equal(far?.estimateMs, undefined, 'nothing like it was measured');

  await bench.apply(steps('a', 'b', 'c', 'd', 'other'));
  const measured = await restoreIn(bench, 'a', 'b', 'c', 'd', 'another');
  assert.ok((measured?.estimateMs ?? 0) < 2_000, `${measured?.estimateMs} ms`);
  assert.equal((await restoreIn(bench, 'a', 'b'))?.estimateMs, undefined, 'a way by RAM is no measure for a boot');

  slow = true;
  await bench.apply(steps('a', 'b'));
  slow = false;
  await bench.apply(steps('a', 'b', 'c', 'd', 'e'));
  for (const layer of bench.host.layers.values()) layer.stored = { ...layer.stored, ram: false };
  const boots = await restoreIn(bench, 'a', 'b');
  assert.match(
    boots?.reason ?? '',
    /^roll back: boots from the layer after "step 1", its RAM is not kept, about 1 min: /,
  );
  assert.ok((boots?.estimateMs ?? 0) >= 60_000, `${boots?.estimateMs} ms`);
});
