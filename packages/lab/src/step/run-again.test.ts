import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGoqemuError } from '@goqemu/core';
import { LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { secret } from '../value/secret.ts';
import { sh } from '../value/sh.ts';

const lab = (script = 'echo one') =>
  defineLab({ name: 'shop' }, (lab) => {
    const token = secret('token', { env: 'TOKEN' });
    const base = lab.template('base', { memory: '1 GiB' }).run('common', 'echo common').checkpoint('base');
    const web = lab.vm('web', { from: base.at.base }).capture('release', 'echo 12').run('one', script);
    web.run('two', sh`deploy ${web.out.release} ${token}`);
  });

async function applied(definition = lab()) {
  const bench = new LabBench({ environment: { TOKEN: 'hunter2-hunter2' } });
  await bench.apply(definition);
  return bench;
}

test('a step runs again with captured output and secrets, and nothing of it is recorded', async () => {
  const bench = await applied();
  const engine = bench.engine('shop');
  const evaluated = await bench.evaluate(lab());
  const before = JSON.stringify(await engine.status());
  const layers = bench.host.layers.size;
  const disk = () => bench.host.machine('web')?.disk.length ?? 0;
  const had = disk();
  for (const step of ['two', 'common']) await engine.runAgain(evaluated, { machine: 'web', step });
  assert.equal(disk(), had + 2, 'it ran in the machine');
  assert.equal(JSON.stringify(await engine.status()), before);
  assert.equal(bench.host.layers.size, layers);
  assert.deepEqual((await bench.plan(lab())).operations, []);
});

test('what the lab does not have, or what does not run, is named', async () => {
  const bench = await applied();
  const engine = bench.engine('shop');
  const evaluated = await bench.evaluate(lab());
  const again = (machine: string, step: string) => engine.runAgain(evaluated, { machine, step });
  await assert.rejects(again('wbe', 'one'), { code: 'machine-unknown', hint: 'did you mean "web"?' });
  await assert.rejects(again('web', 'on'), { code: 'step-unknown', subject: 'web', hint: 'did you mean "one"?' });
  await engine.apply(await engine.planPower('stop', { machines: ['web'] }));
  await assert.rejects(again('web', 'one'), { code: 'machine-not-running', hint: 'start it with "goqemu start web"' });
});

test('a step that fails says how, without secrets', async () => {
  const bench = await applied();
  const failing = defineLab({ name: 'shop' }, (lab) => {
    const token = secret('token', { env: 'TOKEN' });
    const base = lab.template('base', { memory: '1 GiB' }).run('common', 'echo common').checkpoint('base');
    lab.vm('web', { from: base.at.base }).run('one', sh`login ${token}\nexit 7`);
  });
  const error = await bench
    .engine('shop')
    .runAgain(await bench.evaluate(failing), { machine: 'web', step: 'one' })
    .catch((thrown: unknown) => thrown);
  assert.ok(isGoqemuError(error) && error.code === 'step-failed', String(error));
  assert.equal(error.data.exitCode, 7);
  assert.doesNotMatch(JSON.stringify({ ...error, message: error.message }), /hunter2/);
});
