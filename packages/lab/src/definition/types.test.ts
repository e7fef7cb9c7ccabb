import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkOptionName } from '@goqemu/spec';
import type { MachineRecorder, Recorded } from '../evaluate/machine-recorder.ts';
import { defineLab } from './define-lab.ts';
import type { MachineBuilder } from './machine-builder.ts';
import type { NetworkOptions } from './network-options.ts';
import { z } from './schema-library.ts';

// The compiler is the test: each @ts-expect-error fails to compile when the mistake below it would be allowed.

test('mistakes in a lab are compile errors', () => {
  const definition = defineLab(
    { name: 'types', params: z.object({ workers: z.number().default(1) }) },
    (lab, params) => {
      const count: number = params.workers;
      // @ts-expect-error an unknown parameter
      params.wokers;

      const base = lab.template('base').run('x', 'echo').checkpoint('installed');
      // @ts-expect-error an unknown checkpoint
      base.at.instaled;
      const web = lab
        .vm('web', { from: base.at.installed, forward: { http: 80 } })
        .capture('token', 'cat')
        .checkpoint('ready');
      // @ts-expect-error an unknown output
      web.out.tokn;
      // @ts-expect-error an unknown forward
      web.forwarded.https;
      const [lan, dmz] = [lab.network('lan'), lab.network('dmz', { cidr: '10.41.0.0/24' })];
      const router = lab.vm('router', { networks: { lan, outside: dmz } });
      const listed = lab.vm('listed', { networks: [lan, dmz] });
      const addresses: string[] = [router.ip.lan, router.ip.outside, listed.ip.lan, listed.ip.dmz, lan.gateway];
      // @ts-expect-error an unknown network
      router.ip.dmz;
      // @ts-expect-error an unknown network
      listed.ip.outside;
      // @ts-expect-error a machine in no network
      web.ip.lan;
      // @ts-expect-error a network that is a name alone
      lab.vm('g', { networks: { lan: 'lan' } });
      // @ts-expect-error a template is in no network
      lab.template('h', { networks: { lan } });
      let grown = lab.vm('grown');
      for (const step of ['one', 'two']) grown = grown.run(step, 'true');
      lab.network('wan', { nat: true });
      // @ts-expect-error an unknown option of a network
      lab.network('wan', { natt: true });
      // @ts-expect-error a bad unit
      lab.vm('a', { memory: '1 GiBi' });
      // @ts-expect-error a machine with `from` has the image of that machine
      lab.vm('b', { from: base.at.installed, image: 'debian-13' });
      // @ts-expect-error an unknown option
      lab.vm('c', { memroy: '1 GiB' });
      // @ts-expect-error a bad duration
      lab.vm('d').run('x', 'echo', { timeout: '5 minutes' });
      // @ts-expect-error a reboot has no user
      lab.vm('f').reboot('x', { user: 'debian' });
      // @ts-expect-error a condition of two kinds at once has no such member
      lab.vm('e').waitFor('x', { prot: 80 });
      // @ts-expect-error a late value is no string
      const text: string = web.out.token;
      const known: string = web.forwarded.http;
      return { count, text, known, addresses };
    },
  );
  assert.equal(definition.name, 'types');
});

test('a method of a machine that the recorder does not have is a compile error', () => {
  interface Grown extends MachineBuilder<string, string, string, string> {
    hibernate(name: string): unknown;
  }
  const recorder = {} as MachineRecorder;
  const present: Recorded<MachineBuilder<string, string, string, string>> = recorder;
  // @ts-expect-error the recorder has no hibernate
  const grown: Recorded<Grown> = recorder;
  assert.equal(present, grown);
});

test('what sets a property of a network is an option of lab.network', () => {
  const all: (option: NetworkOptionName) => keyof NetworkOptions = (option) => option;
  const none: (option: keyof NetworkOptions) => NetworkOptionName = (option) => option;
  assert.equal(all('cidr'), none('cidr'));
});
