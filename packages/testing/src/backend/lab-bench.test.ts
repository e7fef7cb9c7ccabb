import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineLab, subjectOf, z } from '@goqemu/lab';
import { LabBench } from './lab-bench.ts';

const lab = defineLab({ name: 'shop', params: z.object({ workers: z.number().int().default(1) }) }, (l, params) => {
  const base = l.template('base').run('runtime', 'apt-get install -y nodejs').checkpoint('installed');
  for (let index = 1; index <= params.workers; index++) {
    l.vm(`worker-${index}`, { from: base.at.installed }).run('start', `systemctl start worker@${index}`);
  }
});

test('a lab is planned and applied without a machine', async () => {
  const bench = new LabBench();
  await bench.apply(lab, { parameters: { workers: 2 } });
  assert.equal(bench.host.machine('worker-2')?.status, 'running');
  assert.deepEqual((await bench.plan(lab, { parameters: { workers: 2 } })).operations, []);
});

test('what a change of a parameter would do can be asserted', async () => {
  const bench = new LabBench();
  await bench.apply(lab, { parameters: { workers: 2 } });
  const plan = await bench.plan(lab, { parameters: { workers: 1 } });
  assert.deepEqual(
    plan.operations.map((one) => ({ action: one.action, resource: subjectOf(one) })),
    [{ action: 'delete', resource: 'worker-2' }],
  );
});

test('an error of a step reaches the test', async () => {
  const failing = defineLab({ name: 'shop' }, (l) => void l.vm('web').run('bad', 'exit 4'));
  await assert.rejects(new LabBench().apply(failing), /web\/bad: .*exit code 4/);
});
