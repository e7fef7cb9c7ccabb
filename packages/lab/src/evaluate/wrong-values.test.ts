import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGoqemuError } from '@goqemu/core';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import { sh } from '../value/sh.ts';
import { evaluateLab } from './evaluate-lab.ts';

type Program = (lab: LabBuilder, value: never) => unknown;

/** What takes options of these names: a lab without TypeScript's check can write anything there. */
const taking: Readonly<Record<string, readonly [names: string, Program]>> = {
  vm: [
    `accelerator after arch cpus disk display firmware forward from hostname ignoreChanges image memory network networks
      protect renamedFrom retain timeouts user`,
    (lab, options) => lab.vm('a', options),
  ],
  network: ['cidr cidr6 faults internet ipv6 mtu nat', (lab, options) => lab.network('n', options)],
  timeouts: ['firmware login stop', (lab, timeouts) => lab.vm('a', { timeouts })],
  forward: ['http', (lab, forward) => lab.vm('a', { forward })],
  'a forward': ['guest host protocol', (lab, http) => lab.vm('a', { forward: { http } })],
  capture: [
    'after cache environment timeout user workingDirectory interpreter secret maxBytes',
    (lab, options) => lab.vm('a').capture('c', 'true', options),
  ],
  environment: ['NAME', (lab, environment) => lab.vm('a').run('c', 'true', { environment })],
  cache: ['ttl', (lab, cache) => lab.vm('a').run('c', 'true', { cache })],
  file: ['mode owner', (lab, options) => lab.vm('a').file('c', '/x', '', options)],
  values: ['name', (lab, values) => lab.vm('a').render('c', './t', '/x', values)],
  waitFor: ['port unit http file', (lab, condition) => lab.vm('a').waitFor('w', condition)],
};

/** Places that take a value itself. */
const places: Readonly<Record<string, Program>> = {
  'name of a machine': (lab, value) => lab.vm(value),
  'options of a machine': (lab, value) => lab.vm('a', value),
  'name of a step': (lab, value) => lab.vm('a').run(value, 'true'),
  'name of a checkpoint': (lab, value) => lab.vm('a').checkpoint(value),
  script: (lab, value) => lab.vm('a').run('c', value),
  'part of a script': (lab, value) => lab.vm('a').run('c', sh`echo ${value}`),
  path: (lab, value) => lab.vm('a').file('c', value, ''),
  contents: (lab, value) => lab.vm('a').file('c', '/x', value),
  source: (lab, value) => lab.vm('a').upload('c', value, '/x'),
  'values of a template': (lab, value) => lab.vm('a').render('c', './t', '/x', value),
  condition: (lab, value) => lab.vm('a').waitFor('w', value),
  'host of a condition': (lab, host) => lab.vm('a').waitFor('w', { port: 80, host }),
  'status of a condition': (lab, status) => lab.vm('a').waitFor('w', { http: 'http://a/', status }),
  'what it returns': (_lab, value) => ({ value }),
  ...Object.fromEntries(
    Object.entries(taking).flatMap(([what, [names, program]]) =>
      names
        .split(/\s+/)
        .map((name) => [
          `${what}.${name}`,
          (lab: LabBuilder, value: never) => program(lab, { [name]: value } as never),
        ]),
    ),
  ),
};

const ring: { ring?: unknown } = {};
ring.ring = ring;
/** None of them is right anywhere. */
const wrong: Readonly<Record<string, unknown>> = {
  'a bigint': 5n,
  'a function': () => 1,
  'a symbol': Symbol('x'),
  'an object that holds itself': ring,
};
/** Some of them are right somewhere. */
const odd: Readonly<Record<string, unknown>> = { null: null, NaN: Number.NaN, '[undefined]': [undefined], '""': '' };

function outcome(program: Program, value: unknown): string {
  try {
    evaluateLab(
      defineLab({ name: 'web' }, (lab) => program(lab, value as never) as never),
      { labFile: import.meta.filename },
    );
    return 'taken';
  } catch (error) {
    return isGoqemuError(error) ? error.code : String(error);
  }
}

for (const [place, program] of Object.entries(places))
  test(`${place}: a value of the wrong type is refused with a code, and never left out`, () => {
    for (const [what, value] of Object.entries({ ...wrong, ...odd })) {
      const code = outcome(program, value);
      assert.match(code, /^[a-z0-9-]+$/, what);
      assert.notEqual(code, 'lab-threw', what);
      if (!(what in wrong) || (place === 'part of a script' && what === 'a bigint')) continue;
      assert.notEqual(code, 'taken', what);
    }
  });

test('what nearly says so makes no secret, and protects nothing: it is refused', () => {
  assert.equal(
    outcome((lab, secret) => lab.vm('a').capture('c', 'true', { secret }), 'yes'),
    'option-invalid',
  );
  for (const name of ['protect', 'retain'])
    assert.equal(
      outcome((lab, value) => lab.vm('a', { [name]: value }), 1),
      'option-invalid',
    );
});
