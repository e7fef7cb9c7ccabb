import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FakeBackendOptions, LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';

const lab = defineLab({ name: 'two' }, (builder) => {
  builder.vm('web', { memory: '1 GiB' }).run('one', 'echo web').checkpoint('ready');
  builder.vm('db', { memory: '1 GiB' }).run('one', 'echo db').checkpoint('ready');
});

async function applied(): Promise<LabBench> {
  const bench = new LabBench();
  await bench.apply(lab);
  return bench;
}

/** An engine whose process dies, for all that it does afterwards, at one moment of the backend. */
function dying(bench: LabBench, when: (subject: string, moment: string) => boolean) {
  const fault: FakeBackendOptions['fault'] = ({ verb, subject }, moment) => {
    if (verb !== 'cutLayers' || !when(subject, moment)) return;
    bench.storage.beforeChange = () => {
      throw new Error('died');
    };
    throw new Error('died');
  };
  return bench.engine('two', { fault });
}

async function reborn(bench: LabBench) {
  bench.storage.beforeChange = () => undefined;
  return bench.engine('two');
}

test('a checkpoint of the whole lab is one cut, with one id and all of its machines', async () => {
  const bench = await applied();
  const calls: string[] = [];
  const engine = bench.engine('two', {
    fault: ({ verb, subject }, moment) => void (moment === 'before' && calls.push(`${verb} ${subject}`)),
  });
  const report = await engine.createCheckpoint({ description: 'clean' });
  assert.deepEqual(
    calls.filter((call) => call.startsWith('cutLayers')),
    ['cutLayers web,db'],
  );
  assert.deepEqual(
    report.machines.map((machine) => machine.name),
    ['web', 'db'],
  );
  const listed = (await engine.listCheckpoints()).checkpoints.filter((one) => one.origin === 'taken');
  assert.deepEqual(listed, [report]);
  assert.deepEqual((await bench.plan(lab)).operations, []);
});

test('a process that dies in the middle of the cut leaves no checkpoint, and the next apply mends the machines', async () => {
  const bench = await applied();
  const engine = dying(bench, (subject, moment) => subject === 'db' && moment === 'middle');
  await assert.rejects(engine.createCheckpoint({ description: 'half' }));
  const next = await reborn(bench);
  assert.deepEqual(
    (await next.listCheckpoints()).checkpoints.filter((one) => one.origin === 'taken'),
    [],
  );
  const { plan } = await bench.apply(lab);
  assert.deepEqual(
    plan.operations.map(({ action, resource }) => `${action} ${resource}`),
    ['update web', 'start web', 'update db', 'start db'],
  );
  assert.deepEqual((await bench.plan(lab)).operations, []);
  assert.deepEqual(
    (await next.listCheckpoints()).checkpoints.filter((one) => one.origin === 'taken'),
    [],
    'machines that were cut one by one are no checkpoint',
  );
});

test('a process that dies after the cut, before it could write that down, leaves a whole checkpoint', async () => {
  const bench = await applied();
  const engine = dying(bench, (_subject, moment) => moment === 'after');
  await assert.rejects(engine.createCheckpoint({ description: 'whole' }));
  const next = await reborn(bench);
  assert.deepEqual((await bench.plan(lab)).operations, []);
  const [taken] = (await next.listCheckpoints()).checkpoints;
  assert.deepEqual([taken?.descriptions[0], taken?.contents], ['whole', ['disk', 'ram']]);
  assert.deepEqual((await next.restoreCheckpoint('whole')).restored, ['web', 'db']);
  assert.deepEqual((await bench.plan(lab)).operations, []);
});

test('a cut that fails before it has begun leaves nothing to mend', async () => {
  const bench = await applied();
  const engine = bench.engine('two', {
    fault: ({ verb }, moment) => {
      if (verb === 'cutLayers' && moment === 'before') throw new Error('no room');
    },
  });
  await assert.rejects(engine.createCheckpoint({ description: 'none' }), { message: 'no room' });
  assert.deepEqual((await bench.plan(lab)).operations, []);
  assert.equal((await engine.listCheckpoints()).checkpoints.length, 1);
});

test('a machine that is renamed to the name of one that is gone takes its place in checkpoints', async () => {
  const bench = await applied();
  const { id } = await bench.engine('two').createCheckpoint({ description: 'both' });
  const db = bench.host.machine('db');
  const before = [...(db?.disk ?? [])];
  await bench.apply(
    defineLab({ name: 'two' }, (builder) => {
      builder.vm('db', { memory: '1 GiB' }).run('one', 'echo db').checkpoint('ready');
    }),
  );
  await bench.apply(
    defineLab({ name: 'two' }, (builder) => {
      builder.vm('web', { memory: '1 GiB', renamedFrom: 'db' }).run('one', 'echo db').checkpoint('ready');
    }),
  );
  assert.deepEqual((await bench.engine('two').restoreCheckpoint(id)).restored, ['web']);
  assert.equal(bench.host.machines.size, 1);
  assert.deepEqual(db?.disk, before);
});
