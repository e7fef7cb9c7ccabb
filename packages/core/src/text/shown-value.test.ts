import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '../errors/goqemu-error.ts';
import { shownValue } from './shown-value.ts';

test('whatever a caller wrote is shown, in one short line', () => {
  const ring: { self?: unknown } = {};
  ring.self = ring;
  const cases: readonly (readonly [unknown, string])[] = [
    ['2', '"2"'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [undefined, 'undefined'],
    [null, 'null'],
    [5n, '5n'],
    [Symbol('a'), 'Symbol(a)'],
    [() => 1, 'a function'],
    [{ port: 80 }, '{"port":80}'],
    [{ port: 80n }, '{ port: 80n }'],
    [ring, '<ref *1> { self: [Circular *1] }'],
    [{ toJSON: () => undefined }, '{ toJSON: [Function: toJSON] }'],
    ['x'.repeat(100), `"${'x'.repeat(76)}...`],
  ];
  for (const [value, shown] of cases) assert.equal(shownValue(value), shown);
});

test('a value that refuses to be shown says why', () => {
  const refusal = new GoqemuError({ code: 'option-invalid', source: 'user', message: 'not yet' });
  const toJSON = () => {
    throw refusal;
  };
  assert.throws(() => shownValue({ toJSON }), refusal);
});
