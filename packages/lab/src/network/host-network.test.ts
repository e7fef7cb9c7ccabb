import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import type { MachineOptions } from '../definition/machine-options.ts';
import type { Plan } from '../plan/plan.ts';

const labOf = (program: (lab: LabBuilder) => void) => defineLab({ name: 'hosted' }, (lab) => program(lab));
const one = (options: Omit<MachineOptions, 'from'>) =>
  labOf((lab) => void lab.vm('web', options).run('one', 'echo one'));
const changes = (plan: Plan) => plan.operations.map(({ action, changeClass }) => `${action} ${changeClass}`);

test('a machine on the host’s network is one in the plan and in what the backend makes; another network is another machine', async () => {
  const bench = new LabBench();
  const { plan } = await bench.apply(one({ network: 'host' }));
  const created = plan.operations.find(({ action }) => action === 'create');
  assert.deepEqual(
    created?.diff.filter(({ property }) => property === 'network'),
    [{ property: 'network', after: 'host' }],
  );
  assert.equal(bench.host.machine('web')?.spec.network, 'host');
  assert.deepEqual((await bench.plan(one({ network: 'host' }))).operations, []);
  const back = await bench.plan(one({ network: 'user' }));
  assert.ok(
    changes(back).some((line) => line.startsWith('replace ')),
    changes(back).join(),
  );
  await bench.apply(one({}));
  assert.equal(bench.host.machine('web')?.spec.network, undefined);
});

test('its forwarded ports change with a restart: not every way there changes them live', async () => {
  const bench = new LabBench();
  await bench.apply(one({ network: 'host', forward: { http: { guest: 80, host: 18_080 } } }));
  const moved = one({ network: 'host', forward: { http: { guest: 80, host: 18_081 } } });
  assert.deepEqual(changes(await bench.plan(moved)), ['update restart']);
  await bench.apply(moved);
  assert.deepEqual((await bench.plan(moved)).operations, []);
});

test('in a network of the lab it has the host’s as its way out', async () => {
  const bench = new LabBench();
  const wired = labOf((lab) => void lab.vm('web', { network: 'host', networks: [lab.network('lan')] }));
  const { plan } = await bench.apply(wired);
  const created = plan.operations.find(({ action, resource }) => action === 'create' && resource.kind === 'machine');
  assert.deepEqual(
    created?.diff.filter(({ property }) => property === 'way out'),
    [{ property: 'way out', after: 'host' }],
  );
  assert.equal(bench.host.machine('web')?.spec.wayOut, undefined);
});

test('a template is not on it, and a word that is none is refused', async () => {
  const bench = new LabBench();
  const options = { network: 'host' } as object;
  await assert.rejects(bench.plan(labOf((lab) => void lab.template('base', options))), { code: 'option-unknown' });
  const wrong = { network: 'bridge' } as object;
  await assert.rejects(bench.plan(one(wrong)), { code: 'option-invalid', message: /network/ });
});

test('a machine that takes on another’s RAM boots where only one of them is on it', async () => {
  const bench = new LabBench();
  const both = (network: 'user' | 'host') =>
    labOf((lab) => {
      const base = lab.vm('base').checkpoint('ready');
      lab.vm('web', { from: base.at.ready, network });
    });
  await bench.apply(both('user'));
  assert.equal(bench.host.machine('web')?.spec.network, undefined);
  const plan = await bench.plan(both('host'));
  assert.match(plan.operations.map(({ reason }) => reason).join('\n'), /network or display differ from its RAM/);
});
