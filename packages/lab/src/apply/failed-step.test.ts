import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import { LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';

const labWith = (...last: readonly string[]) =>
  defineLab({ name: 'broken' }, (lab) => {
    const web = lab.vm('web', { memory: '1 GiB' }).run('one', 'echo one');
    for (const [index, script] of last.entries()) web.run(`last ${index}`, script);
  });

const list = async (bench: LabBench) => (await bench.engine('broken').listCheckpoints()).checkpoints;

async function failed(): Promise<LabBench> {
  const bench = new LabBench();
  await bench.apply(labWith());
  await bench.tryApply(labWith('exit 7'));
  return bench;
}

test('a failed step takes the machine back, and what it left is a checkpoint that the message names', async () => {
  const bench = new LabBench();
  await bench.apply(labWith());
  const { result } = await bench.tryApply(labWith('exit 7'));
  const [first] = result.errors;
  assert.match(
    first?.error.detail ?? '',
    /web was taken back to the layer after "one"; what the step left, with its RAM/,
  );
  assert.match(first?.error.detail ?? '', /is the checkpoint "failed" until the next apply/);
  assert.match(
    first?.error.hint ?? '',
    /goqemu checkpoint fork failed --vm web --name web-failed, then goqemu ssh web --stack web-failed/,
  );
  assert.ok(bench.host.machine('web')?.disk.every((entry) => !entry.startsWith('half of')));
  const [kept, ...others] = await list(bench);
  assert.deepEqual(others, []);
  assert.deepEqual([kept?.origin, kept?.descriptions, kept?.contents], ['failed', ['failed', 'web'], ['disk', 'ram']]);
  assert.match(bench.host.layers.get(kept?.machines[0]?.layer ?? '')?.disk.at(-1) ?? '', /^half of/);
});

test('the failed state is entered as a fork, in which a plan takes the step back first', async () => {
  const bench = await failed();
  const { forks } = await bench.engine('broken').fork('failed');
  assert.deepEqual(
    forks.map(({ name }) => name),
    ['failed-1'],
  );
  const fork = [...bench.host.machines].find(([id]) => id.startsWith('broken-failed-1-'))?.[1];
  assert.match(fork?.disk.at(-1) ?? '', /^half of/);
  const engine = bench.engine('broken').stack('failed-1');
  const plan = await engine.plan(await bench.evaluate(labWith('echo better')));
  assert.match(plan.operations[0]?.reason ?? '', /^roll back to the layer after "one", run 1 step again.*failed/);
});

test('it survives other commands, and goes with the next apply, though its fork stays', async () => {
  const bench = await failed();
  await bench.engine('broken').refresh();
  await bench.engine('broken').pruneLayers();
  const [kept] = await list(bench);
  assert.equal(kept?.contents.length, 2);
  await bench.apply(labWith('echo better'));
  assert.deepEqual(await list(bench), []);
  assert.equal(bench.host.layers.has(kept?.machines[0]?.layer ?? ''), false, 'its layer is still there');
});

test('the next failure takes its place', async () => {
  const bench = await failed();
  const [first] = await list(bench);
  await bench.tryApply(labWith('exit 8'));
  const [second, ...others] = await list(bench);
  assert.deepEqual(others, []);
  assert.notEqual(second?.id, first?.id);
  assert.equal(bench.host.layers.has(first?.machines[0]?.layer ?? ''), false);
});

test('a machine can be taken to it itself, and the next apply takes it back', async () => {
  const bench = await failed();
  await bench.engine('broken').restoreCheckpoint('failed');
  assert.match(bench.host.machine('web')?.disk.at(-1) ?? '', /^half of/);
  await bench.apply(labWith('echo better'));
  assert.ok(bench.host.machine('web')?.disk.every((entry) => !entry.startsWith('half of')));
  assert.deepEqual(await list(bench), []);
});

test('it can be deleted, and a destroyed lab leaves none of it', async () => {
  const bench = await failed();
  const layers = bench.host.layers.size;
  await bench.engine('broken').deleteCheckpoint('failed');
  assert.equal(bench.host.layers.size, layers - 1);
  await bench.tryApply(labWith('exit 7'));
  const [kept] = await list(bench);
  const plan = await bench.engine('broken').planDestroy();
  await bench.engine('broken').apply(plan);
  assert.equal(bench.host.layers.has(kept?.machines[0]?.layer ?? ''), false);
  assert.deepEqual(await list(bench), []);
});

test('what several machines left is one checkpoint', async () => {
  const bench = new LabBench();
  const lab = defineLab({ name: 'broken' }, (builder) => {
    for (const name of ['web', 'db']) builder.vm(name, { memory: '1 GiB' }).run('one', `exit ${name.length}`);
  });
  await bench.tryApply(lab);
  const [kept, ...others] = await list(bench);
  assert.deepEqual(others, []);
  assert.deepEqual(kept?.machines.map(({ name }) => name).sort(), ['db', 'web']);
});

test('a checkpoint of the lab that has the same name keeps it, and the message names the id', async () => {
  const bench = new LabBench();
  await bench.apply(labWith());
  await bench.engine('broken').createCheckpoint({ description: 'failed' });
  const { result } = await bench.tryApply(labWith('exit 7'));
  const kept = (await list(bench)).find(({ origin }) => origin === 'failed');
  assert.ok(kept);
  assert.match(result.errors[0]?.error.hint ?? '', new RegExp(`goqemu checkpoint fork ${kept.id} `));
});

test('where the failed state cannot be kept the machine is taken back all the same, and a notice says so', async () => {
  let isBroken = false;
  const bench = new LabBench({
    fault: ({ verb }) => {
      if (isBroken && verb === 'cutLayers')
        throw new GoqemuError({ code: 'no-room', source: 'environment', message: 'the disk is full' });
    },
  });
  await bench.apply(labWith());
  isBroken = true;
  const { result } = await bench.tryApply(labWith('exit 7'));
  assert.match(result.errors[0]?.error.detail ?? '', /web was taken back to the layer after "one"$/);
  const notices = bench.events.flatMap((event) =>
    event.type === 'operation-progress' && event.progress.kind === 'notice' ? [event.progress.message] : [],
  );
  assert.deepEqual(notices, ['what the step left on web could not be kept: the disk is full']);
  assert.deepEqual(await list(bench), []);
});

test('a condition that fails leaves the machine as it is, and keeps nothing', async () => {
  const bench = new LabBench({
    fault: ({ verb, subject }) => {
      if (verb === 'runStep' && subject === 'web/port')
        throw new GoqemuError({ code: 'timeout', source: 'environment', message: 'it did not open' });
    },
  });
  const lab = defineLab({ name: 'broken' }, (builder) => {
    builder.vm('web', { memory: '1 GiB' }).run('one', 'echo one').waitFor('port', { port: 80 });
  });
  const { result } = await bench.tryApply(lab);
  assert.equal(result.errors[0]?.error.hint, 'look at the machine: goqemu ssh web');
  assert.deepEqual(await list(bench), []);
});
