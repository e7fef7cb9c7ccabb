import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Machine } from '@goqemu/machine';
import { cutLab } from '@goqemu/vm';
import { CheckpointLab, counter, inGuest, keyOf } from './checkpoint-lab.ts';

describe('a checkpoint of several machines', () => {
  let lab: CheckpointLab;
  let machines: Record<'web' | 'db', Machine>;

  before(async () => {
    lab = await CheckpointLab.open();
    machines = { web: await lab.boot('web'), db: await lab.boot('db') };
    for (const machine of Object.values(machines)) await inGuest(machine, counter);
  });
  after(() => lab[Symbol.asyncDispose]());

  const parts = (suffix: string, store: 'disk' | 'memory' = 'disk') =>
    Promise.all(
      (['web', 'db'] as const).map(async (name) => {
        const { vm, session } = await lab.vm(name);
        const options = { key: keyOf(`${name} ${suffix}`), ram: true, descriptions: [suffix], store };
        return { vm, session, machine: machines[name], options };
      }),
    );

  test('takes all of them, and each continues; all come back', async () => {
    const { layers, pauseMs } = await cutLab(await parts('ready'), lab.call);
    assert.equal(layers.length, 2);
    assert.ok(pauseMs > 0);
    for (const name of ['web', 'db'] as const) {
      assert.equal(await machines[name].status(), 'running');
      const before = Number(await inGuest(machines[name], 'cat /dev/shm/count'));
      await machines[name].close();
      machines[name] = await lab.restore(`${name} ready`, name);
      assert.ok(Number(await inGuest(machines[name], 'cat /dev/shm/count')) <= before + 20);
      assert.equal(await inGuest(machines[name], 'hostname'), name);
    }
    assert.equal((await cutLab(await parts('ready'), lab.call)).pauseMs, 0, 'it is there already');
  });

  test('is none at all when one part of it fails; every machine keeps running', async () => {
    const [web, db] = await parts('half');
    assert.ok(web && db);
    const { qmp } = machines.db;
    const executeUntyped = (command: string, ...rest: never[]) =>
      command === 'blockdev-snapshot' ? Promise.reject(new Error('refused')) : qmp.executeUntyped(command, ...rest);
    const broken = changed(machines.db, { qmp: changed(qmp, { executeUntyped }) });
    await assert.rejects(cutLab([web, { ...db, machine: broken }], lab.call), /refused/);
    for (const name of ['web', 'db'] as const) {
      assert.equal(await lab.host.layers.find(keyOf(`${name} half`)), undefined);
      assert.equal(await inGuest(machines[name], 'echo alive'), 'alive');
      assert.equal(await machines[name].status(), 'running');
    }
    assert.equal((await cutLab(await parts('whole'), lab.call)).layers.length, 2);
  });

  test('can keep its RAM in memory', async () => {
    const { layers } = await cutLab(await parts('quick', 'memory'), lab.call);
    for (const layer of layers) {
      assert.equal(layer.manifest.ram?.store, 'memory');
      assert.match(lab.host.layers.ramFiles(layer).ram, /^\/dev\/shm\//);
    }
    await machines.web.close();
    machines.web = await lab.restore('web quick', 'web');
    assert.equal(await inGuest(machines.web, 'hostname'), 'web');
    for (const { manifest } of layers) await lab.host.layers.remove(manifest.key);
    await assert.rejects(stat(lab.host.layers.memoryFolder), { code: 'ENOENT' });
  });
});

/** An object with other properties in place of its own. */
function changed<T extends object>(whole: T, changes: object): T {
  return new Proxy(whole, {
    get: (object, name) => {
      const value: unknown = name in changes ? Reflect.get(changes, name) : Reflect.get(object, name);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}
