import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBackend, FakeHost } from '@goqemu/testing';
import type { LabDefinition } from '../definition/define-lab.ts';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import type { Plan } from '../plan/plan.ts';
import { MemoryStateStorage } from '../state/memory-storage.ts';
import { Engine } from './engine.ts';

const labFile = import.meta.filename;

class Bench {
  readonly host = new FakeHost();
  readonly storage = new MemoryStateStorage();
  now = 1_700_000_000_000;
  #random = 0;

  engine(backend = new FakeBackend({ host: this.host })): Engine {
    return new Engine({
      backend,
      lab: 'web',
      labFolder: import.meta.dirname,
      labFile,
      stateFolder: '/nowhere',
      home: '/nowhere',
      command: 'goqemu apply',
      storage: this.storage,
      clock: { now: () => this.now++ },
      random: (bytes) => Buffer.alloc(bytes, ++this.#random),
    });
  }

  async plan(program: (lab: LabBuilder) => unknown): Promise<Plan> {
    const engine = this.engine();
    return engine.plan(await engine.evaluate(lab(program)));
  }

  async apply(program: (lab: LabBuilder) => unknown): Promise<Plan> {
    const engine = this.engine();
    const plan = await engine.plan(await engine.evaluate(lab(program)));
    const result = await engine.apply(plan);
    assert.deepEqual(result.errors, []);
    assert.equal(result.outcome, 'done');
    return plan;
  }
}

function lab(program: (lab: LabBuilder) => unknown): LabDefinition {
  return defineLab({ name: 'web' }, program) as LabDefinition;
}

function lines(plan: Plan): string[] {
  return plan.operations.map((operation) => `${operation.action} ${operation.resource}`);
}

test('a new lab is made, its steps run, and a second plan finds nothing to do', async () => {
  const bench = new Bench();
  const program = (l: LabBuilder) => {
    const web = l
      .vm('web', { forward: { http: 80 } })
      .run('nginx', 'apt-get install nginx')
      .capture('token', 'echo t')
      .checkpoint('ready');
    return { url: web.forwarded.http, token: web.out.token };
  };
  const plan = await bench.apply(program);
  assert.deepEqual(lines(plan), ['create web', 'run web/nginx', 'run web/token']);
  const again = await bench.plan(program);
  assert.deepEqual(lines(again), []);
  assert.equal((await bench.engine().outputs()).token, 't');
  assert.equal((await bench.engine().status()).machines[0]?.state, 'running');
});

test('a changed step rolls back to the layer before it and runs from there', async () => {
  const bench = new Bench();
  const program = (second: string) => (l: LabBuilder) => {
    l.vm('web').run('one', 'echo 1').run('two', second).run('three', 'echo 3');
  };
  await bench.apply(program('echo 2'));
  const plan = await bench.apply(program('echo zwei'));
  assert.deepEqual(lines(plan), ['restore web', 'run web/two', 'run web/three']);
  assert.match(plan.operations[0]?.reason ?? '', /after "one".*"two" has changed/);
  assert.equal(bench.host.machine('web')?.disk.length, 4);
  const back = await bench.plan(program('echo 2'));
  assert.deepEqual(lines(back), ['reuse web/three', 'restore web']);
});

test('machines with the same beginning share its layers', async () => {
  const bench = new Bench();
  const plan = await bench.apply((l) => {
    const base = l.template('base').run('nginx', 'apt').checkpoint('installed');
    const web = l.vm('web', { from: base.at.installed }).capture('token', 'echo t');
    for (const name of ['a', 'b']) {
      l.vm(name, { from: base.at.installed })
        .run('tune', 'sysctl')
        .run('join', 'echo join', { environment: { TOKEN: web.out.token } });
    }
  });
  assert.deepEqual(lines(plan), [
    'create base',
    'run base/nginx',
    'stop base',
    'create web',
    'run web/token',
    'create a',
    'run a/tune',
    'run a/join',
    'create b', // from the layer after a/tune; it joins for itself
    'run b/join',
  ]);
  assert.equal(bench.host.machine('base')?.status, 'stopped');
});

test('destroy leaves nothing but cached layers, from which the next apply makes the lab', async () => {
  const bench = new Bench();
  const program = (l: LabBuilder) => void l.vm('web').run('one', 'echo 1').checkpoint('ready');
  await bench.apply(program);
  const engine = bench.engine();
  const result = await engine.apply(await engine.planDestroy());
  assert.equal(result.outcome, 'done');
  assert.equal(bench.host.machines.size, 0);
  assert.equal(bench.host.disposed, 1);
  assert.deepEqual(lines(await bench.apply(program)), ['reuse web/one', 'create web']);
});

test('a failing step leaves the machine at the layer before it and the next plan runs it', async () => {
  const bench = new Bench();
  const engine = bench.engine();
  const program = lab((l) => void l.vm('web').run('one', 'echo 1').run('two', 'exit 3'));
  const result = await engine.apply(await engine.plan(await engine.evaluate(program)));
  assert.equal(result.outcome, 'failed');
  assert.equal(result.errors[0]?.error.code, 'step-failed');
  assert.equal(result.errors[0]?.error.data?.exitCode, 3);
  assert.equal(bench.host.machine('web')?.disk.length, 2);
  assert.deepEqual(lines(await bench.plan((l) => void l.vm('web').run('one', 'echo 1').run('two', 'echo 2'))), [
    'run web/two',
  ]);
});

test('a checkpoint by hand brings a machine back, and the plan stays empty', async () => {
  const bench = new Bench();
  const program = (l: LabBuilder) =>
    void l.vm('web').run('one', 'echo 1').checkpoint('first').run('two', 'echo 2').checkpoint('second');
  await bench.apply(program);
  const engine = bench.engine();
  const taken = await engine.createCheckpoint({ description: 'before upgrade' });
  bench.host.machine('web')?.disk.push('broken');
  assert.deepEqual((await engine.restoreCheckpoint('before upgrade')).restored, ['web']);
  assert.equal(bench.host.machine('web')?.disk.includes('broken'), false);
  assert.deepEqual(lines(await bench.plan(program)), []);
  await engine.restoreCheckpoint('first');
  assert.deepEqual(lines(await bench.plan(program)), ['reuse web/two', 'restore web']);
  await engine.restoreCheckpoint('second');
  assert.deepEqual(lines(await bench.plan(program)), []);
  assert.equal((await engine.listCheckpoints()).checkpoints.length, 3);
  await engine.deleteCheckpoint(taken.id);
  assert.equal((await engine.listCheckpoints()).checkpoints.length, 2);
  assert.deepEqual(lines(await bench.plan(program)), []);
});
