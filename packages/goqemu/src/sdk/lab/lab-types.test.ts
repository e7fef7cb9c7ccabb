import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineLab, type LabDefinition, z } from '@goqemu/lab';
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

test('any lab will do where its types are not known', () => {
  const any: readonly LabDefinition[] = [definition, plain];
  const parameters: LabParameters<LabDefinition> = { anything: true };
  const outputs: LabOutputs<LabDefinition> = { anything: true };
  const none: LabOutputs<typeof plain> = {};
  assert.deepEqual([any.length, parameters, outputs, none], [2, { anything: true }, { anything: true }, {}]);
});
