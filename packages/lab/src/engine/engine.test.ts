import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import type { Plan } from '../plan/plan.ts';
import { subjectOf } from '../resource/operation-subject.ts';

const lab = (program: (lab: LabBuilder) => unknown) => defineLab({ name: 'web' }, program);
const lines = (plan: Plan) => plan.operations.map((operation) => `${operation.action} ${subjectOf(operation)}`);
const newBench = () => new LabBench({ labFile: import.meta.filename });

test('a new lab is made, its steps run, and a second plan finds nothing to do', async () => {
  const bench = newBench();
  const program = lab((l) => {
    const web = l
      .vm('web', { forward: { http: 80 } })
      .run('nginx', 'apt-get install nginx')
      .capture('token', 'echo t')
      .checkpoint('ready');
    return { url: web.forwarded.http, token: web.out.token };
  });
  const { plan, result } = await bench.apply(program);
  assert.deepEqual(lines(plan), ['create web', 'run web/nginx', 'run web/token']);
  assert.deepEqual(lines(await bench.plan(program)), []);
  assert.equal(result.outputs.token, 't');
  assert.match(String(result.outputs.url), /^http:\/\/127\.0\.0\.1:2\d{4}$/);
  const [web] = (await bench.engine('web').status()).machines;
  assert.equal(web?.state, 'running');
  assert.equal(web?.checkpoint, 'ready');
});

test('a plan with nothing to do writes nothing and takes no lock', async () => {
  const bench = newBench();
  const program = lab((l) => void l.vm('web').run('one', 'echo 1'));
  await bench.apply(program);
  bench.storage.beforeChange = (kind, file) => assert.fail(`${kind} ${file}`);
  await bench.plan(program);
  await bench.apply(program);
});

test('a changed step rolls back to the layer before it and runs from there', async () => {
  const bench = newBench();
  const program = (second: string) =>
    lab((l) => void l.vm('web').run('one', 'echo 1').run('two', second).run('three', 'echo 3'));
  await bench.apply(program('echo 2'));
  const { plan } = await bench.apply(program('echo zwei'));
  assert.deepEqual(lines(plan), ['restore web', 'run web/two', 'run web/three']);
  assert.match(plan.operations[0]?.reason ?? '', /after "one".*"two" has changed/);
  assert.deepEqual(plan.operations[0]?.diff, [{ property: 'script', before: 'echo 2', after: 'echo zwei' }]);
  assert.equal(bench.host.machine('web')?.disk.length, 4);
});

test('a change taken back goes to the layers that are still there', async () => {
  const bench = newBench();
  const program = (second: string) =>
    lab((l) => void l.vm('web').run('one', 'echo 1').run('two', second).run('three', 'echo 3'));
  await bench.apply(program('echo 2'));
  await bench.apply(program('echo zwei'));
  assert.deepEqual(lines(await bench.plan(program('echo 2'))), ['reuse web/three', 'restore web']);
});

test('a step added at the end is the only one to run', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void l.vm('web').run('one', 'echo 1')));
  const { plan } = await bench.apply(lab((l) => void l.vm('web').run('one', 'echo 1').run('two', 'echo 2')));
  assert.deepEqual(lines(plan), ['run web/two']);
});

test('a step with another name, and machines in another order, change nothing', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void [l.vm('a').run('one', 'echo 1'), l.vm('b').run('one', 'echo 2')]));
  const moved = lab((l) => void [l.vm('b').run('two', 'echo 2'), l.vm('a').run('first', 'echo 1')]);
  assert.deepEqual(lines(await bench.plan(moved)), []);
});

test('machines with the same beginning share its layers; what joins another machine is its own', async () => {
  const bench = newBench();
  const { plan } = await bench.apply(
    lab((l) => {
      const base = l.template('base').run('nginx', 'apt').checkpoint('installed');
      const web = l.vm('web', { from: base.at.installed }).capture('token', 'echo t');
      for (const name of ['a', 'b']) {
        l.vm(name, { from: base.at.installed })
          .run('tune', 'sysctl')
          .run('join', 'echo join', { environment: { TOKEN: web.out.token } });
      }
    }),
  );
  assert.deepEqual(lines(plan), [
    'create base',
    'run base/nginx',
    'stop base',
    'create web',
    'run web/token',
    'create a',
    'run a/tune',
    'run a/join',
    'create b', // from the layer after a/tune
    'run b/join',
  ]);
  assert.equal(bench.host.machine('base')?.status, 'stopped');
});

test('a template whose wanted layers are all cached is not started for them', async () => {
  const bench = newBench();
  const program = (script: string) =>
    lab((l) => void l.vm('web', { from: l.template('base').run('one', script).checkpoint('x').at.x }));
  await bench.apply(program('v1'));
  await bench.apply(program('v2'));
  const { plan } = await bench.apply(program('v1'));
  assert.deepEqual(lines(plan), ['reuse base', 'reuse web/one', 'restore web']);
  assert.deepEqual(lines(await bench.plan(program('v1'))), []);
});

test('two machines of one image boot once when their shapes are equal, and twice when not', async () => {
  const same = await newBench().plan(lab((l) => void [l.vm('a'), l.vm('b')]));
  assert.match(same.operations[1]?.reason ?? '', /resuming from a machine that is ready/);
  assert.deepEqual(same.operations[1]?.dependsOn, [same.operations[0]?.id]);
  const other = await newBench().plan(lab((l) => void [l.vm('a'), l.vm('b', { memory: '1 GiB' })]));
  assert.match(other.operations[1]?.reason ?? '', /booted from its image because its memory/);
  assert.deepEqual(other.operations[1]?.dependsOn, []);
});

test('destroy leaves nothing but cached layers, from which the next apply makes the lab', async () => {
  const bench = newBench();
  const program = lab((l) => void l.vm('web').run('one', 'echo 1').checkpoint('ready'));
  await bench.apply(program);
  assert.equal((await bench.destroy(program)).outcome, 'done');
  assert.equal(bench.host.machines.size, 0);
  assert.equal(bench.host.disposed, 1);
  const { plan } = await bench.apply(program);
  assert.deepEqual(lines(plan), ['reuse web/one', 'create web']);
});

test('a failing step leaves the machine at the layer before it and the next plan runs it', async () => {
  const bench = newBench();
  const program = (second: string) =>
    lab((l) => void l.vm('web').run('one', 'echo 1').run('two', second).run('three', 'echo'));
  const { result } = await bench.tryApply(program('exit 3'));
  assert.equal(result.outcome, 'failed');
  const [failure] = result.errors;
  assert.equal(failure?.resource, 'web/two');
  assert.equal(failure?.error.code, 'step-failed');
  assert.equal(failure?.error.data?.exitCode, 3);
  assert.equal(failure?.error.location?.file, import.meta.filename);
  assert.ok((failure?.error.location?.line ?? 0) > 1);
  assert.equal(bench.host.machine('web')?.disk.length, 2);
  assert.deepEqual(lines(await bench.plan(program('echo 2'))), ['run web/two', 'run web/three']);
});

test('what does not depend on a failure continues', async () => {
  const bench = newBench();
  const { result } = await bench.tryApply(
    lab((l) => void [l.vm('a').run('bad', 'false'), l.vm('b').run('good', 'echo')]),
    {
      parallel: 1,
    },
  );
  assert.deepEqual(
    result.errors.map((one) => one.resource),
    ['a/bad'],
  );
  assert.equal(bench.host.machine('b')?.disk.length, 2);
});

test('a change upstream rolls back what uses its output', async () => {
  const bench = newBench();
  const program = (token: string) =>
    lab((l) => {
      const web = l.vm('web').capture('token', `echo ${token}`);
      l.vm('worker', { memory: '1 GiB' })
        .run('before', 'echo')
        .run('join', 'join', { environment: { T: web.out.token } });
    });
  await bench.apply(program('one'));
  const { plan } = await bench.apply(program('two'));
  assert.deepEqual(lines(plan), ['restore web', 'run web/token', 'restore worker', 'run worker/join']);
  const join = plan.operations.at(-1);
  assert.ok(join?.dependsOn.includes(plan.operations[1]?.id ?? ''), 'the worker joins after the token is known');
  assert.match(bench.host.machine('worker')?.disk.at(-1) ?? '', /"T":"two"/);
});

test('a step after another machine waits for it and runs again when it changes', async () => {
  const bench = newBench();
  const program = (script: string) =>
    lab((l) => {
      const db = l.vm('db').run('schema', script);
      l.vm('app', { memory: '1 GiB' }).run('migrate', 'migrate', { after: db });
    });
  await bench.apply(program('v1'));
  assert.deepEqual(lines(await bench.plan(program('v2'))), [
    'restore db',
    'run db/schema',
    'restore app',
    'run app/migrate',
  ]);
});

test('steps with a time to live run again when it is over, and uncached ones at every apply', async () => {
  const bench = newBench();
  const aged = lab(
    (l) =>
      void l
        .vm('web')
        .run('one', 'echo')
        .run('update', 'apt-get upgrade', { cache: { ttl: '1 d' } }),
  );
  await bench.apply(aged);
  bench.now += 3_600_000;
  assert.deepEqual(lines(await bench.plan(aged)), []);
  bench.now += 24 * 3_600_000;
  assert.deepEqual(lines(await bench.plan(aged)), ['restore web', 'run web/update']);
  const never = lab((l) => void l.vm('web').run('one', 'echo').run('poll', 'date', { cache: 'never' }));
  await bench.apply(never);
  assert.deepEqual(lines(await bench.plan(never)), ['restore web', 'run web/poll']);
});

test('a checkpoint of a machine with UEFI holds its variables', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void l.vm('web', { firmware: 'uefi' })));
  const { contents } = await bench.engine('web').createCheckpoint({ description: 'before upgrade' });
  assert.deepEqual(contents, ['disk', 'ram', 'uefi-variables']);
});

test('a manual checkpoint brings a machine back, and the plan stays empty', async () => {
  const bench = newBench();
  const program = lab(
    (l) => void l.vm('web').run('one', 'echo 1').checkpoint('first').run('two', 'echo 2').checkpoint('second'),
  );
  await bench.apply(program);
  const engine = bench.engine('web');
  const taken = await engine.createCheckpoint({ description: 'before upgrade' });
  assert.deepEqual(taken.descriptions, ['before upgrade', 'web']);
  assert.deepEqual(taken.contents, ['disk', 'ram']);
  bench.host.machine('web')?.disk.push('broken');
  assert.deepEqual((await engine.restoreCheckpoint('before upgrade')).restored, ['web']);
  assert.equal(bench.host.machine('web')?.disk.includes('broken'), false);
  assert.deepEqual(lines(await bench.plan(program)), []);
  await engine.deleteCheckpoint(taken.id);
  assert.equal((await engine.listCheckpoints()).checkpoints.length, 2);
  assert.deepEqual(lines(await bench.plan(program)), []);
});

test('restoring an earlier checkpoint of the lab plans the missing steps, and a later one is still there', async () => {
  const bench = newBench();
  const program = lab(
    (l) => void l.vm('web').run('one', 'echo 1').checkpoint('first').run('two', 'echo 2').checkpoint('second'),
  );
  await bench.apply(program);
  const engine = bench.engine('web');
  await engine.restoreCheckpoint('first');
  assert.deepEqual(lines(await bench.plan(program)), ['reuse web/two', 'restore web']);
  await engine.restoreCheckpoint('second');
  assert.deepEqual(lines(await bench.plan(program)), []);
});

test('restoring a name takes the machines that have it and says which do not', async () => {
  const bench = newBench();
  await bench.apply(lab((l) => void [l.vm('a').checkpoint('x'), l.vm('b', { memory: '1 GiB' })]));
  const engine = bench.engine('web');
  assert.deepEqual(await engine.restoreCheckpoint('x').then(({ restored, untouched }) => ({ restored, untouched })), {
    restored: ['a'],
    untouched: ['b'],
  });
  await assert.rejects(engine.restoreCheckpoint('y'), { code: 'checkpoint-unknown' });
  await assert.rejects(engine.restoreCheckpoint('x', { machines: ['b'] }), { code: 'checkpoint-unknown' });
});

test('declared checkpoints stand on each other as their layers do, and those of a template are not listed', async () => {
  const bench = new LabBench({ labFile: import.meta.filename });
  const program = defineLab({ name: 'web' }, (lab) => {
    const base = lab.template('base').run('a', '1').checkpoint('installed');
    lab.vm('web', { from: base.at.installed }).run('b', '2').checkpoint('first').run('c', '3').checkpoint('second');
  });
  await bench.apply(program);
  const { checkpoints } = await bench.engine('web').listCheckpoints();
  assert.deepEqual(
    checkpoints.map(({ id, parent, descriptions }) => [
      descriptions[0],
      checkpoints.find((other) => other.id === parent)?.descriptions[0],
      id === parent,
    ]),
    [
      ['first', undefined, false],
      ['second', 'first', false],
    ],
  );
});
