import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import type { PlanReason } from '../engine-context/engine-options.ts';

const labOf = (script: string) =>
  defineLab({ name: 'web' }, (lab: LabBuilder) => void lab.vm('web', { image: 'debian-12' }).run('one', script));

/** A bench, what plans it, and the plans that were carried out. */
function fresh() {
  const bench = new LabBench({ labFile: import.meta.filename });
  const engine = bench.engine('web');
  const replan = async () => engine.plan(await engine.evaluate(labOf('echo 1')));
  const plans: string[] = [];
  const beforeApply = ({ operations }: { operations: readonly unknown[] }, reason: PlanReason) => {
    plans.push(`${reason}: ${operations.length}`);
  };
  return { bench, engine, replan, plans, beforeApply };
}

test('a plan is made again once its images are here, and has their real keys', async () => {
  const { bench, engine, replan, plans, beforeApply } = fresh();
  bench.host.absentImages.add('debian-12');
  const made = await replan();
  assert.ok(made.provisional);
  const { plan, result } = await engine.applyFresh(made, { replan, beforeApply });
  assert.equal(result.outcome, 'done');
  assert.equal(plan.provisional, undefined);
  assert.deepEqual(plans, [`images-fetched: ${plan.operations.length}`]);
  assert.equal((await replan()).operations.length, 0);
});

test('a plan that another apply has made stale is made again, or refused where this very one was agreed to', async () => {
  const { engine, replan, plans, beforeApply } = fresh();
  const made = await replan();
  await engine.apply(await replan());
  await assert.rejects(engine.applyFresh(made, { replan, keepsPlan: true }), { code: 'plan-stale' });
  await assert.rejects(engine.applyFresh(made, {}), { code: 'plan-stale' });
  const { plan, result } = await engine.applyFresh(made, { replan, beforeApply });
  assert.deepEqual([result.outcome, plan.operations.length], ['done', 0]);
  assert.deepEqual(plans, [`given: ${made.operations.length}`, 'lab-changed: 0']);
});
