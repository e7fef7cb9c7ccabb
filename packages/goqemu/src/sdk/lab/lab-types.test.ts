import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineLab, type LabDefinition, z } from '@goqemu/lab';
import type { BaseTest } from '../test/lab-fixtures.ts';
import type { LabOutputs, LabParameters } from './lab-types.ts';
import type { openLab } from './open-lab.ts';

// The compiler is the test: each @ts-expect-error fails to compile when the mistake below it would be allowed.

const definition = defineLab(
  { name: 'typed', params: z.object({ workers: z.number().default(1), zone: z.string() }) },
  (lab) => {
    const web = lab.vm('web', { forward: { http: 80 } }).capture('token', 'cat /token');
    return { url: web.forwarded.http, token: web.out.token, ports: [web.sshPort] };
  },
);
const plain = defineLab({ name: 'plain' }, (lab) => {
  lab.vm('web');
});

test('a lab that is opened by its definition is typed by it', () => {
  const check = async (open: typeof openLab) => {
    await open(definition, { parameters: { zone: 'a' } });
    // @ts-expect-error an unknown parameter
    await open(definition, { parameters: { zone: 'a', worker: 3 } });
    // @ts-expect-error a parameter of another type
    await open(definition, { parameters: { zone: 'a', workers: '3' } });
    // @ts-expect-error a parameter without a default is needed
    await open(definition, { parameters: {} });

    const lab = await open(definition, { parameters: { zone: 'a' } });
    const { url, token, ports } = await lab.apply({ target: ['web'], parallel: 2, lockWait: '2 min' });
    const texts: [string, string | null, readonly number[]] = [url, token, ports];
    // @ts-expect-error an unknown output
    await lab.apply().then(({ ulr }) => ulr);
    // @ts-expect-error a bad unit
    await lab.apply({ lockWait: '2 minuets' });
    // @ts-expect-error destroying replaces nothing
    await lab.destroy({ replace: ['web'] });

    const fork = await lab.fork('ready');
    const same: { readonly url: string } = await fork.apply();
    const fromFile = await (await open<typeof definition>('lab.ts', { parameters: { zone: 'a' } })).apply();
    const untyped: unknown = (await (await open('lab.ts', { parameters: { anything: 1 } })).apply()).anything;
    return [texts, same, fromFile.url, untyped];
  };
  assert.equal(typeof check, 'function');
});

const cluster = defineLab({ name: 'cluster', params: z.object({ workers: z.number().default(2) }) }, (lab, params) => {
  const base = lab.template('base').run('packages', 'apt-get install -y etcd').checkpoint('installed');
  const web = lab.vm('web', { from: base.at.installed }).run('nginx', 'true').checkpoint('ready');
  const workers = Array.from({ length: params.workers }, (_, n) => lab.vm(`worker-${n + 1}`).reboot('once'));
  return { web, nested: { workers }, url: web.ip, count: params.workers };
});

test('the machines that a lab returns give their names, their steps and their checkpoints', () => {
  const check = async (open: typeof openLab) => {
    const lab = await open(cluster);
    const outputs = await lab.apply({ target: ['web', 'worker-2'] });
    const names: ['web', `worker-${number}`[], number] = [outputs.web, [...outputs.nested.workers], outputs.count];
    // @ts-expect-error an unknown machine
    await lab.apply({ target: ['wbe'] });
    // @ts-expect-error an unknown machine
    lab.machine('wbe');
    // @ts-expect-error a worker without a number
    await lab.stop({ machines: ['worker-one'] });
    lab.machine('worker-3').name satisfies string;

    await lab.step('web', 'nginx').run();
    await lab.step('web', 'packages').run(); // of the machine that it starts from
    // @ts-expect-error a step of another machine
    lab.step('worker-1', 'nginx');
    // @ts-expect-error an unknown step
    lab.step('web', 'ngnix');

    await lab.restore('ready');
    // @ts-expect-error an unknown checkpoint
    await lab.restore('redy');
    // @ts-expect-error a checkpoint of a machine that the lab does not return
    await lab.restore('installed');
    await lab.restore(await lab.checkpoint('before the upgrade'));
    await using fork = await lab.fork({ id: '0123456789ab' }, { machines: ['web'] });
    // @ts-expect-error an unknown machine, in a fork
    fork.machine('wbe');
    // @ts-expect-error a checkpoint of a name that the lab does not declare
    await lab.forks('rdy', 2);
    return names;
  };
  const checkTest = (base: BaseTest) => {
    const on = base.extend('lab', cluster, { at: 'ready' });
    on('typed', async ({ web, lab }) => {
      await web.exec('true');
      // @ts-expect-error an unknown machine
      lab.machine('wbe');
      // @ts-expect-error an unknown step
      lab.step('web', 'ngnix');
    });
    // @ts-expect-error an unknown fixture
    on('typed', async ({ wbe }) => wbe);
    // @ts-expect-error an unknown checkpoint
    base.extend('lab', cluster, { at: 'redy' });
    // @ts-expect-error an unknown machine
    base.extend('lab', cluster, { at: 'ready', machines: ['wbe'] });
    base.extend('lab', cluster, { at: { id: '0123456789ab' } });
    base.extend('lab', definition, { at: 'anything', machines: ['any'], parameters: { zone: 'a' } });
  };
  assert.deepEqual([typeof check, typeof checkTest], ['function', 'function']);
});

test('any lab will do where its types are not known', () => {
  const any: readonly LabDefinition[] = [definition, plain];
  const parameters: LabParameters<LabDefinition> = { anything: true };
  const outputs: LabOutputs<LabDefinition> = { anything: true };
  const none: LabOutputs<typeof plain> = {};
  assert.deepEqual([any.length, parameters, outputs, none], [2, { anything: true }, { anything: true }, {}]);
});
