import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anything,
  either,
  fields,
  flag,
  list,
  nullable,
  number,
  oneOf,
  optional,
  readShaped,
  type Shape,
  ShapeMismatch,
  type ShapeOf,
  table,
  text,
  timestamp,
  wholeNumber,
  withDefault,
} from './shape.ts';

const machine = fields({
  name: text(/^[a-z]+$/),
  cpus: wholeNumber(1),
  share: number,
  phase: oneOf('making', 'made'),
  layer: nullable(text()),
  ready: optional(flag),
  bytes: withDefault(number, 0),
  steps: list(fields({ key: text() })),
  extra: table(anything),
});

const sound = () => ({
  name: 'web',
  cpus: 1,
  share: 0.5,
  phase: 'made',
  layer: null,
  steps: [{ key: 'k', newer: 1 }],
  extra: { any: ['thing'] },
  unknown: 'stays',
});

function mismatch(shape: Shape<unknown>, value: unknown): string {
  try {
    shape(value);
  } catch (error) {
    assert.ok(error instanceof ShapeMismatch);
    return error.where;
  }
  return assert.fail('it was taken');
}

test('a sound value comes back as it was, with defaults filled in and what is not named left there', () => {
  const checked: ShapeOf<typeof machine> = machine(sound());
  const ready: boolean | undefined = checked.ready;
  assert.equal(ready, undefined);
  assert.deepEqual(checked, { ...sound(), bytes: 0 });
});

test('a mismatch says where, what was expected and what was found', () => {
  const broken = (change: object) => mismatch(table(machine), { web: { ...sound(), ...change } });
  assert.equal(broken({ cpus: 0.5 }), 'web.cpus: expected a whole number of at least 1, got 0.5');
  assert.equal(broken({ cpus: '1' }), 'web.cpus: expected a whole number of at least 1, got "1"');
  assert.equal(broken({ share: Number.NaN }), 'web.share: expected a number, got NaN');
  assert.equal(broken({ name: '../..' }), 'web.name: expected text like ^[a-z]+$, got "../.."');
  assert.equal(broken({ phase: 'x' }), 'web.phase: expected "making" or "made", got "x"');
  assert.equal(broken({ layer: undefined }), 'web.layer: expected text, got nothing');
  assert.equal(broken({ ready: 1 }), 'web.ready: expected true or false, got 1');
  assert.equal(broken({ steps: [{ key: 'k' }, {}] }), 'web.steps.1.key: expected text, got nothing');
  assert.equal(broken({ steps: {} }), 'web.steps: expected a list, got an object');
  assert.equal(broken({ extra: [] }), 'web.extra: expected an object, got a list');
  assert.equal(mismatch(machine, null), 'its top: expected an object, got null');
});

test('one of two shapes is enough', () => {
  const capture = either(fields({ value: text() }), fields({ encrypted: text() }));
  assert.deepEqual(capture({ encrypted: 'x' }), { encrypted: 'x' });
  assert.equal(mismatch(capture, { other: 'x' }), 'encrypted: expected text, got nothing');
});

test('moments are as toISOString writes them', () => {
  assert.equal(timestamp('2026-11-21T00:47:02.531Z'), '2026-11-21T00:47:02.531Z');
  assert.match(mismatch(timestamp, 'yesterday'), /expected text like/);
});

test('what every object inherits is no field of a file', () => {
  assert.equal(
    mismatch(fields({ constructor: anything, toString: text() }), {}),
    'toString: expected text, got nothing',
  );
  const odd = JSON.parse('{"__proto__": {"a": "x"}}') as unknown;
  assert.deepEqual(Object.keys(table(fields({ a: text() }))(odd)), ['__proto__']);
});

test('a file that is torn or of another shape is read as none', () => {
  const shape = fields({ a: number });
  assert.deepEqual(readShaped('{"a":1}', shape), { a: 1 });
  assert.equal(readShaped('{"a":', shape), undefined);
  assert.equal(readShaped('{"a":"1"}', shape), undefined);
});
