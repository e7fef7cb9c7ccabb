import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBackend, type FakeBackendOptions, LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import { secret } from '../value/secret.ts';
import { sh } from '../value/sh.ts';

const lab = defineLab({ name: 'shop' }, (builder) => {
  const base = builder.template('base', { memory: '1 GiB' }).run('install', 'apt-get install nginx').checkpoint('base');
  const db = builder
    .vm('db', { memory: '1 GiB', protect: true })
    .capture('token', 'make-token')
    .run('own', sh`keep ${secret('password', { generate: 16 })}`)
    .run('stack', `echo ${builder.stack}`)
    .checkpoint('ready');
  const web = builder
    .vm('web', { from: base.at.base, forward: { http: { guest: 80, host: 8080 }, admin: 81 } })
    .run('join', sh`join ${db.out.token}`)
    .checkpoint('ready');
  return { http: web.forwarded.http, token: db.out.token };
});

async function applied(): Promise<LabBench> {
  const bench = new LabBench();
  await bench.apply(lab);
  return bench;
}

function snapshot(bench: LabBench): unknown {
  const { machines, layers } = bench.host;
  return structuredClone({ machines: [...machines], layers: [...layers], state: bench.storage.files.get('state') });
}

test('forks are stacks that run beside the lab, on ports of their own, and have nothing to do', async () => {
  const bench = await applied();
  const engine = bench.engine('shop');
  const report = await engine.fork('ready', { count: 2, definition: lab });
  assert.deepEqual(
    report.forks.map((fork) => [fork.name, fork.machines.map((machine) => machine.name)]),
    [
      ['ready-1', ['db', 'web']],
      ['ready-2', ['db', 'web']],
    ],
  );
  const ports = [
    8080,
    ...report.forks.flatMap((fork) =>
      fork.machines.flatMap((machine) => [machine.ssh.port, ...Object.values(machine.forwards)]),
    ),
  ];
  assert.equal(new Set(ports).size, ports.length, 'no port is given out twice');
  const status = await engine.status();
  assert.deepEqual(status.forks, ['ready-1', 'ready-2']);
  for (const { name, machines } of report.forks) {
    const fork = engine.stack(name);
    const { forkedFrom, outputs } = await fork.status();
    assert.deepEqual([forkedFrom?.stack, forkedFrom?.description], ['default', 'ready']);
    assert.equal(outputs.http, `http://127.0.0.1:${machines[1]?.forwards.http}`);
    assert.equal(outputs.token, status.outputs.token);
    const plan = await fork.plan(await fork.evaluate(lab));
    assert.deepEqual(
      plan.operations.map((operation) => `${operation.action} ${subjectOf(operation)}: ${operation.reason}`),
      [],
    );
    for (const one of ['web', 'db']) {
      const [own, origin] = [await fork.machine(one), await engine.machine(one)];
      assert.deepEqual(
        { ...own.spec.identity, sshPort: 0 },
        { ...origin.spec.identity, sshPort: 0 },
        'it stays who it is',
      );
    }
  }
  const listed = (await engine.listCheckpoints()).checkpoints.find((one) => one.id === report.id);
  assert.deepEqual(listed?.forks, ['ready-1', 'ready-2']);
});

test('what is changed in a fork is no other’s, a fork can be forked, and of a destroyed one nothing stays', async () => {
  const bench = await applied();
  const before = snapshot(bench);
  const engine = bench.engine('shop');
  await engine.fork('ready', { name: 'trial' });
  const trial = engine.stack('trial');
  await trial.createCheckpoint({ description: 'tried' });
  const [inner] = (await trial.fork('tried')).forks;
  assert.equal(inner?.name, 'tried-1');
  const tried = engine.stack('tried-1');
  assert.deepEqual((await tried.plan(await tried.evaluate(lab))).operations, []);
  assert.deepEqual((await trial.restoreCheckpoint('ready')).restored, ['db', 'web']);
  for (const fork of [trial, tried]) {
    const result = await fork.apply(await fork.planDestroy());
    assert.deepEqual(result.errors, []);
  }
  assert.deepEqual(await bench.storage.stacks(), ['default']);
  assert.deepEqual(snapshot(bench), before);
});

test('a fork outlives the checkpoint that it was made from, and the lab', async () => {
  const bench = await applied();
  const engine = bench.engine('shop');
  const { id } = await engine.createCheckpoint({ description: 'manual' });
  await engine.fork(id, { name: 'copy' });
  await engine.restoreCheckpoint('ready');
  await engine.deleteCheckpoint(id);
  const copy = engine.stack('copy');
  assert.deepEqual((await copy.restoreCheckpoint('manual')).restored, ['db', 'web']);
  const unprotected = await engine.evaluate(
    defineLab({ name: 'shop' }, (builder) => {
      builder.vm('db', { memory: '1 GiB' });
    }),
  );
  await engine.apply(await engine.plan(unprotected));
  const destroy = await engine.planDestroy();
  assert.deepEqual(
    destroy.notices.map((notice) => notice.code),
    ['forks-stay'],
  );
  await engine.apply(destroy);
  assert.equal(bench.host.machines.size, 2);
  assert.deepEqual((await copy.plan(await copy.evaluate(lab))).operations, []);
});

test('a checkpoint that a fork has from its origin stays when that gives it up', async () => {
  const bench = new LabBench();
  const later = defineLab({ name: 'shop' }, (builder) => {
    builder.vm('web', {}).run('one', 'do one').checkpoint('early').run('two', 'do two').checkpoint('late');
  });
  await bench.apply(later);
  const engine = bench.engine('shop');
  await engine.fork('early', { name: 'copy', definition: later });
  await engine.apply(await engine.planDestroy());
  await engine.pruneLayers();
  const copy = engine.stack('copy');
  assert.deepEqual((await copy.restoreCheckpoint('late')).restored, ['web']);
});

test('a fork of one machine is about that one alone', async () => {
  const bench = await applied();
  const engine = bench.engine('shop');
  await engine.fork('ready', { name: 'one', machines: ['web'] });
  const one = engine.stack('one');
  assert.deepEqual((await one.plan(await one.evaluate(lab))).operations, []);
  assert.deepEqual(
    (await one.status()).machines.map((machine) => machine.name),
    ['web'],
  );
});

test('a capture that a fork makes again is its own: origin and fork do not take each other’s layers', async () => {
  const bench = await applied();
  const changed = defineLab({ name: 'shop' }, (builder) => {
    builder.template('base', { memory: '1 GiB' }).run('install', 'apt-get install nginx').checkpoint('base');
    builder.vm('db', { memory: '1 GiB' }).capture('token', 'make-token').capture('more', 'make-more');
  });
  const engine = bench.engine('shop');
  await engine.fork('ready', { name: 'copy', machines: ['db'] });
  const copy = engine.stack('copy');
  for (const one of [copy, engine]) {
    const result = await one.apply(await one.plan(await one.evaluate(changed), { target: ['db'] }));
    assert.deepEqual(result.errors, []);
  }
  assert.deepEqual((await copy.plan(await copy.evaluate(changed))).operations, []);
});

test('names that are taken, machines and checkpoints that are not there, and odd counts are errors', async () => {
  const bench = await applied();
  const engine = bench.engine('shop');
  await assert.rejects(engine.fork('nothing'), { code: 'checkpoint-unknown' });
  await assert.rejects(engine.fork('ready', { machines: ['mail'] }), { code: 'machine-unknown' });
  await assert.rejects(engine.fork('ready', { name: 'default' }), { code: 'stack-exists' });
  await assert.rejects(engine.fork('ready', { name: '../out' }), { code: 'name-invalid' });
  await assert.rejects(engine.fork('ready', { count: 0 }), { code: 'count-invalid' });
  await assert.rejects(engine.removeFork(), { code: 'not-a-fork' });
  assert.deepEqual(await bench.storage.stacks(), ['default']);
});

test('when one of several forks fails none is left, and the lab is as it was', async () => {
  const bench = await applied();
  const before = snapshot(bench);
  let starts = 0;
  const engine = bench.engine('shop', {
    fault: ({ verb }, moment) => {
      if (verb === 'start' && moment === 'middle' && ++starts === 4) throw new Error('no memory');
    },
  });
  await assert.rejects(engine.fork('ready', { count: 3 }), { message: 'no memory' });
  assert.deepEqual(snapshot(bench), before);
  assert.deepEqual(await bench.storage.stacks(), ['default']);
});

/** The process dies at one moment, and does nothing more. */
function dying(bench: LabBench, at: number) {
  let left = at;
  let dead = false;
  const tick = () => {
    if (dead || left-- === 0) {
      dead = true;
      throw new Error('died');
    }
  };
  bench.storage.beforeChange = tick;
  const options: FakeBackendOptions = { fault: tick };
  return { engine: bench.engine('shop', options), isDead: () => dead };
}

test('a process that dies at any moment of a fork leaves a whole fork or none', async () => {
  const outcomes = { whole: 0, none: 0 };
  for (let at = 0; ; at++) {
    const bench = await applied();
    const { engine, isDead } = dying(bench, at);
    await engine.fork('ready', { name: 'copy' }).catch(() => undefined);
    bench.storage.beforeChange = () => undefined;
    if (!isDead()) break;
    const next = bench.engine('shop');
    await next.createCheckpoint({ description: 'next command' });
    assert.deepEqual((await bench.plan(lab)).operations, [], `moment ${at}`);
    const stacks = await bench.storage.stacks();
    if (stacks.includes('copy')) {
      outcomes.whole++;
      const copy = next.stack('copy');
      assert.deepEqual((await copy.plan(await copy.evaluate(lab))).operations, [], `moment ${at}`);
      assert.equal(bench.host.machines.size, 5, `moment ${at}`);
      await copy.removeFork();
    } else outcomes.none++;
    assert.equal(bench.host.machines.size, 3, `moment ${at}`);
    assert.deepEqual(await bench.storage.stacks(), ['default']);
  }
  assert.ok(outcomes.whole > 0 && outcomes.none > 5, JSON.stringify(outcomes));
});

test('a fork that is bound to a process is removed by the next command after the end of that process', async () => {
  const bench = await applied();
  const engine = bench.engine('shop');
  const owner = { pid: 2 ** 22 + 1, startTime: '1', bootId: 'of no boot' };
  await engine.fork('ready', { owner });
  assert.deepEqual((await engine.status()).forks, ['ready-1']);
  await engine.fork('ready', { name: 'other' });
  assert.deepEqual((await engine.status()).forks, ['other']);
});

test('a fork that is kept outlives its process, switched off; its checkpoint can be forked again, and goes with it', async () => {
  const bench = await applied();
  const engine = bench.engine('shop');
  const owner = { pid: 2 ** 22 + 1, startTime: '1', bootId: 'of no boot' };
  await engine.fork('ready', { name: 'test', owner });
  const fork = engine.stack('test');
  const { id } = await fork.createCheckpoint({ description: 'it failed' });
  assert.deepEqual(await engine.forks({ bound: true }), ['test']);
  await fork.keepFork();
  await fork.keepFork();
  assert.deepEqual([await engine.forks({ bound: true }), await engine.forks()], [[], ['test']]);
  await engine.createCheckpoint({ description: 'the next command' });
  const { machines } = await fork.status();
  assert.deepEqual(
    machines.map(({ state }) => state),
    ['stopped', 'stopped'],
  );
  const running = await fork.fork(id, { name: 'opened' });
  assert.deepEqual(
    running.forks[0]?.machines.map(({ name }) => name),
    ['db', 'web'],
  );
  await engine.stack('opened').removeFork();
  await fork.removeFork();
  assert.deepEqual(await bench.storage.stacks(), ['default']);
  await assert.rejects(engine.keepFork(), { code: 'not-a-fork' });
});

test('the secrets of a lab are known in a process that has not used them', async () => {
  const bench = await applied();
  const engine = bench.engine('shop');
  const texts = await engine.secretTexts(await engine.evaluate(lab));
  assert.ok(
    texts.some((text) => text.length === 22),
    'the password of 16 bytes in base64url',
  );
});

test('the fake backend leaves the layers of other labs alone', async () => {
  const bench = await applied();
  const stranger = { lab: 'other', stack: 'default', lineage: 'ffffffffffff' };
  const call = { scope: stranger, signal: new AbortController().signal, progress: () => undefined };
  const backend = new FakeBackend({ host: bench.host });
  assert.equal((await backend.collectLayers([], call)).removed, 0);
});
