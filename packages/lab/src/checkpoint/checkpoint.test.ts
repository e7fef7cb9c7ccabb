import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FakeBackendOptions, LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { subjectOf } from '../resource/operation-subject.ts';

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

test('a process that dies during the cut leaves no checkpoint, and the next apply repairs the machines', async () => {
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
    plan.operations.map((one) => `${one.action} ${subjectOf(one)}`),
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

test('a cut that fails before it has begun leaves nothing to repair', async () => {
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

/** The names of checkpoints, each with the name of the one that it is listed below. */
async function tree(bench: LabBench): Promise<Record<string, string | null>> {
  const { checkpoints } = await bench.engine('tree').listCheckpoints();
  const names = new Map(checkpoints.map(({ id, descriptions }) => [id, descriptions[0] ?? '']));
  return Object.fromEntries(
    checkpoints.map(({ descriptions, parent }) => [
      descriptions[0],
      parent === null ? null : (names.get(parent) ?? parent),
    ]),
  );
}

test('a checkpoint is listed below the one that it stands on, declared or taken, also after a restore', async () => {
  const labOf = (...scripts: readonly string[]) =>
    defineLab({ name: 'tree' }, (builder) => {
      const web = builder
        .vm('web', { memory: '1 GiB' })
        .run('one', 'echo one')
        .checkpoint('declared')
        .run('two', 'two');
      for (const script of scripts) web.run(script, script).checkpoint(`after ${script}`);
    });
  const bench = new LabBench();
  const take = (description: string) => bench.engine('tree').createCheckpoint({ description });
  await bench.apply(labOf());
  assert.notEqual((await take('first')).parent, null, 'the report of the command knows it too');
  await bench.engine('tree').restoreCheckpoint('declared');
  await take('after a restore');
  await take('on that');
  await bench.engine('tree').restoreCheckpoint('first');
  await take('on the first');
  await bench.apply(labOf('more'));
  await bench.tryApply(labOf('more', 'exit 1'));
  assert.deepEqual(await tree(bench), {
    failed: 'after more',
    first: 'declared',
    'after a restore': 'declared',
    'on that': 'after a restore',
    'on the first': 'first',
    declared: null,
    'after more': 'on the first',
  });
  await bench.engine('tree').deleteCheckpoint('after a restore');
  await bench.engine('tree').deleteCheckpoint('on the first');
  const left = await tree(bench);
  assert.equal(left['on that'], 'declared', 'it hangs below what the deleted one stood on');
  assert.equal(left['after more'], 'first');
});
