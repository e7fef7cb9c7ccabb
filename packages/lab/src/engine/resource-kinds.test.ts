import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBackend, LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import type { PlanOptions } from '../engine-context/engine-options.ts';
import type { FoundNetworks } from '../network/found-networks.ts';
import type { Plan } from '../plan/plan.ts';
import { planReport } from '../report/plan-report.ts';
import type { Operation } from '../resource/operation.ts';
import type { ResourceKind } from '../resource/resource-kind.ts';
import { resourceKey } from '../resource/resource-ref.ts';
import { Engine } from './engine.ts';
import { machineKind } from './machine-kind.ts';
import { networkKind } from './network-kind.ts';

const definition = defineLab({ name: 'wired' }, (lab) => {
  const lan = lab.network('lan');
  lab.vm('web', { networks: { lan } }).run('one', 'echo one');
  lab.vm('db', { memory: '2 GiB' });
});
function engineOf({ host, storage }: LabBench, kinds: readonly ResourceKind[]): Engine {
  const options = {
    backend: new FakeBackend({ host }),
    lab: 'wired',
    labFolder: import.meta.dirname,
    labFile: import.meta.filename,
    stateFolder: '/nowhere',
    home: '/nowhere',
    command: 'test',
    storage,
  };
  return new Engine(options, kinds);
}

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
  const bench = new LabBench();
  const { plan } = await bench.apply(definition);
  assert.deepEqual(lines(plan).sort(), [
    'create machine/db',
    'create machine/web',
    'create network/lan',
    'run machine/web',
  ]);
  assert.deepEqual(before(plan, 'machine/web').includes('network/lan'), true);
  assert.deepEqual(before(plan, 'machine/db').includes('network/lan'), false);
  const removal = await bench.engine('wired').planDestroy();
  assert.deepEqual(before(removal, 'network/lan'), ['machine/db', 'machine/web']);
});

test('what fails skips the machines that need it alone, and the next apply makes both', async () => {
  let isBroken = true;
  const bench = new LabBench({
    fault: ({ verb }, moment) => {
      if (isBroken && verb === 'applyNetworks' && moment === 'middle') throw new Error('the switch does not start');
    },
  });
  const { result } = await bench.tryApply(definition);
  assert.deepEqual(
    result.errors.map(({ resource }) => resource),
    ['lan'],
  );
  assert.deepEqual(
    [...bench.host.machines.values()].map(({ spec }) => spec.name),
    ['db'],
  );
  isBroken = false;
  const { plan } = await bench.apply(definition);
  assert.deepEqual(lines(plan)[0], 'create network/lan');
  assert.equal(bench.host.machine('web')?.status, 'running');
});

test('--target and --exclude name resources of every kind, by name or by kind and name', async () => {
  const bench = new LabBench();
  const planned = async (options: PlanOptions) => lines(await bench.plan(definition, options));
  assert.deepEqual(await planned({ target: ['lan'] }), ['create network/lan']);
  assert.deepEqual(await planned({ target: ['machine/db'] }), ['create machine/db']);
  assert.deepEqual((await planned({ target: ['web'] })).slice(0, 2), ['create network/lan', 'create machine/web']);
  assert.deepEqual(await planned({ exclude: ['network/lan'] }), ['create machine/db']);
  await assert.rejects(planned({ target: ['network/web'] }), { code: 'machine-unknown' });
});

test('plan --json has the kind beside the name', async () => {
  const { operations } = planReport(await new LabBench().plan(definition, { target: ['web'] }));
  assert.deepEqual(
    operations.map(({ kind, resource }) => [kind, resource]),
    [
      ['network', 'lan'],
      ['machine', 'web'],
      ['machine', 'web/one'],
    ],
  );
});

test('a lab with resources of a kind that goqemu does not know is refused', async () => {
  const bench = new LabBench();
  await bench.apply(definition);
  const older = engineOf(bench, [machineKind]);
  await assert.rejects(older.status(), {
    code: 'state-newer',
    message: 'the lab has a network, which this goqemu does not know: a newer one made it',
  });
});

/** Networks that are made again instead of being changed. */
const remade: ResourceKind<FoundNetworks | undefined> = {
  ...networkKind,
  diff: async (found, context) => {
    const plan = await networkKind.diff(found, context);
    const replaced = (operation: Operation) =>
      operation.action === 'update' ? { ...operation, action: 'replace' as const } : operation;
    return { ...plan, operations: plan.operations.map(replaced) };
  },
};

test('a machine is restarted when what it needs of another kind is replaced, and others are left alone', async () => {
  const bench = new LabBench();
  await bench.apply(definition);
  const changed = defineLab({ name: 'wired' }, (lab) => {
    const lan = lab.network('lan', { mtu: 1400 });
    lab.vm('web', { networks: { lan } }).run('one', 'echo one');
    lab.vm('db', { memory: '2 GiB' });
  });
  const engine = engineOf(bench, [remade, machineKind]);
  const plan = await engine.plan(await engine.evaluate(changed));
  assert.deepEqual(
    plan.operations.map(({ action, resource, reason }) => `${action} ${resourceKey(resource)}: ${reason}`),
    ['replace network/lan: its mtu changes', 'update machine/web: restart: the network lan is replaced'],
  );
  assert.deepEqual(before(plan, 'machine/web'), ['network/lan']);
  assert.deepEqual((await engine.apply(plan)).errors, []);
  assert.equal(bench.host.machine('web')?.boots, 2);
});

test('a fork whose networks cannot be made leaves nothing', async () => {
  let isBroken = false;
  const bench = new LabBench({
    fault: ({ verb }, moment) => {
      if (isBroken && verb === 'applyNetworks' && moment === 'middle') throw new Error('the switch does not start');
    },
  });
  await bench.apply(definition);
  const { id } = await bench.engine('wired').createCheckpoint({ description: 'here' });
  isBroken = true;
  await assert.rejects(bench.engine('wired').fork(id), /the switch does not start/);
  assert.deepEqual([bench.host.machines.size, bench.host.switches.size], [2, 1]);
});
