import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBackend, FakeHost } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import type { PlanOptions } from '../engine-context/engine-options.ts';
import type { Plan } from '../plan/plan.ts';
import { planReport } from '../report/plan-report.ts';
import { resourceKey } from '../resource/resource-ref.ts';
import { MemoryStateStorage } from '../state/memory-storage.ts';
import { Engine } from './engine.ts';
import { LanKind, type LanModel, type LanProcess, onLans, withLans } from './fixture/lan-kind.ts';
import { machineKind } from './machine-kind.ts';
import { resourceKinds } from './resource-kinds.ts';

const definition = defineLab({ name: 'wired' }, (lab) => {
  lab.vm('web').run('one', 'echo one');
  lab.vm('db', { memory: '2 GiB' });
});

/** A lab with a kind of resource that is no machine, and its host. */
class Bench {
  readonly host = new FakeHost();
  readonly lans = new Map<string, LanProcess>();
  readonly storage = new MemoryStateStorage();
  /** Thrown in the middle of what is done with a switch. */
  fault = () => {};

  engine(kinds = [new LanKind(this.lans, () => this.fault()), onLans(machineKind)]): Engine {
    return new Engine(
      {
        backend: new FakeBackend({ host: this.host }),
        lab: 'wired',
        labFolder: import.meta.dirname,
        labFile: import.meta.filename,
        stateFolder: '/nowhere',
        home: '/nowhere',
        command: 'test',
        storage: this.storage,
      },
      kinds,
    );
  }

  async plan(lans: readonly LanModel[], options: PlanOptions = {}): Promise<Plan> {
    const engine = this.engine();
    return engine.plan(withLans(await engine.evaluate(definition), lans), options);
  }
}

const lan: LanModel = { name: 'lan', cidr: 1, machines: ['web'] };
const lines = (plan: Plan) => plan.operations.map(({ action, resource }) => `${action} ${resourceKey(resource)}`);

/** Which operations one depends on, directly or not. */
function before(plan: Plan, key: string): readonly string[] {
  const byId = new Map(plan.operations.map((operation) => [operation.id, operation]));
  const found = new Set<string>();
  const collect = (id: string): void => {
    for (const other of byId.get(id)?.dependsOn ?? []) {
      found.add(resourceKey(byId.get(other)?.resource ?? { kind: '', name: '' }));
      collect(other);
    }
  };
  for (const { id, resource } of plan.operations) if (resourceKey(resource) === key) collect(id);
  return [...found].filter((other) => other !== key).sort();
}

test('a machine comes after what it needs of another kind, and what is no longer wanted goes after all machines', async () => {
  const bench = new Bench();
  const plan = await bench.plan([lan]);
  assert.deepEqual(lines(plan).sort(), [
    'create lan/lan',
    'create machine/db',
    'create machine/web',
    'run machine/web',
  ]);
  assert.deepEqual(before(plan, 'machine/web').includes('lan/lan'), true);
  assert.deepEqual(before(plan, 'machine/db').includes('lan/lan'), false);
  assert.deepEqual((await bench.engine().apply(plan)).errors, []);
  assert.deepEqual(lines(await bench.plan([lan])), []);

  const removal = await bench.engine().planDestroy();
  assert.deepEqual(before(removal, 'lan/lan'), ['machine/db', 'machine/web']);
  await bench.engine().apply(removal);
  assert.deepEqual([bench.lans.size, bench.host.machines.size, bench.host.disposed], [0, 0, 1]);
});

test('what has died is healed, and what fails skips the machines that need it alone', async () => {
  const bench = new Bench();
  bench.fault = () => {
    throw new Error('the switch does not start');
  };
  const { errors } = await bench.engine().apply(await bench.plan([lan]));
  assert.deepEqual(
    errors.map(({ resource }) => resource),
    ['lan'],
  );
  assert.deepEqual(
    [...bench.host.machines.values()].map(({ spec }) => spec.name),
    ['db'],
  );
  bench.fault = () => {};
  await bench.engine().apply(await bench.plan([lan]));
  const process = bench.lans.get('lan');
  assert.equal(process?.status, 'running');
  if (process) process.status = 'dead';
  assert.deepEqual(lines(await bench.plan([lan])), ['start lan/lan']);
});

test('a machine is restarted when what it needs of another kind is replaced, and others are left alone', async () => {
  const bench = new Bench();
  await bench.engine().apply(await bench.plan([lan]));
  const plan = await bench.plan([{ ...lan, cidr: 2 }]);
  assert.deepEqual(
    plan.operations.map(({ action, resource, reason }) => `${action} ${resourceKey(resource)}: ${reason}`),
    ['replace lan/lan: it is made with 1', 'update machine/web: restart: the lan lan is replaced'],
  );
  assert.deepEqual(before(plan, 'machine/web'), ['lan/lan']);
  const boots = bench.host.machine('web')?.boots ?? 0;
  assert.deepEqual((await bench.engine().apply(plan)).errors, []);
  assert.equal(bench.host.machine('web')?.boots, boots + 1);
  assert.deepEqual(lines(await bench.plan([{ ...lan, cidr: 2 }])), []);
});

test('status and refresh speak of every kind', async () => {
  const bench = new Bench();
  await bench.engine().apply(await bench.plan([lan]));
  const { machines, resources } = await bench.engine().status();
  assert.deepEqual(
    machines.map(({ name }) => name),
    ['db', 'web'],
  );
  assert.deepEqual(resources, [{ kind: 'lan', name: 'lan', state: 'running' }]);
  const process = bench.lans.get('lan');
  if (process) process.status = 'dead';
  assert.deepEqual((await bench.engine().refresh()).drift, [
    { resource: { kind: 'lan', name: 'lan' }, reason: 'it is dead' },
  ]);
});

test('a fork has resources of its own of every kind, which go with it', async () => {
  const bench = new Bench();
  await bench.engine().apply(await bench.plan([lan]));
  const { id } = await bench.engine().createCheckpoint({ description: 'here' });
  await bench.engine().fork(id, { name: 'copy' });
  assert.deepEqual([...bench.lans.keys()], ['lan', 'copy/lan']);
  const fork = bench.engine().stack('copy');
  assert.deepEqual((await fork.status()).resources, [{ kind: 'lan', name: 'lan', state: 'running' }]);
  await fork.removeFork();
  assert.deepEqual([...bench.lans.keys()], ['lan']);
});

test('a fork whose resources of another kind cannot be made leaves nothing', async () => {
  const bench = new Bench();
  await bench.engine().apply(await bench.plan([lan]));
  const { id } = await bench.engine().createCheckpoint({ description: 'here' });
  let calls = 0;
  bench.fault = () => {
    if (++calls === 2) throw new Error('the switch does not start');
  };
  await assert.rejects(bench.engine().fork(id), /the switch does not start/);
  assert.deepEqual([...bench.lans.keys()], ['lan']);
  assert.equal(bench.host.machines.size, 2);
});

test('--target and --exclude name resources of every kind, by name or by kind and name', async () => {
  const bench = new Bench();
  assert.deepEqual(lines(await bench.plan([lan], { target: ['lan'] })), ['create lan/lan']);
  assert.deepEqual(lines(await bench.plan([lan], { target: ['machine/db'] })), ['create machine/db']);
  assert.deepEqual([...new Set(lines(await bench.plan([lan], { target: ['web'] })))].slice(0, 2), [
    'create lan/lan',
    'create machine/web',
  ]);
  assert.deepEqual(lines(await bench.plan([lan], { exclude: ['lan/lan'] })), ['create machine/db']);
  await assert.rejects(bench.plan([lan], { target: ['lan/web'] }), { code: 'machine-unknown' });
});

test('plan --json has the kind beside the name', async () => {
  const { operations } = planReport(await new Bench().plan([lan], { target: ['web'] }));
  assert.deepEqual(
    operations.map(({ kind, resource }) => [kind, resource]),
    [
      ['lan', 'lan'],
      ['machine', 'web'],
      ['machine', 'web/one'],
    ],
  );
});

test('the product knows machines alone, and refuses a lab with resources of a kind that it does not know', async () => {
  assert.deepEqual(
    resourceKinds.map(({ kind }) => kind),
    ['machine'],
  );
  const bench = new Bench();
  await bench.engine().apply(await bench.plan([lan]));
  await assert.rejects(bench.engine([machineKind]).status(), {
    code: 'state-newer',
    message: 'the lab has a lan, which this goqemu does not know: a newer one made it',
  });
});
