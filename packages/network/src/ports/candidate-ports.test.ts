import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { candidatePorts } from './candidate-ports.ts';

test('the same key gives the same ports in the same order', () => {
  assert.deepEqual([...candidatePorts('web/ssh')].slice(0, 50), [...candidatePorts('web/ssh')].slice(0, 50));
});

test('different keys begin at different ports', () => {
  const first = Array.from({ length: 50 }, (_, i) => candidatePorts(`machine ${i}`).next().value);
  assert.ok(new Set(first).size >= 45);
});

test('every port of a range comes exactly once, whatever the key and the range', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 64_000 }),
      fc.integer({ min: 0, max: 300 }),
      (key, from, more) => {
        const ports = [...candidatePorts(key, { from, to: from + more })];
        assert.deepEqual(
          ports.sort((a, b) => a - b),
          Array.from({ length: more + 1 }, (_, i) => from + i),
        );
      },
    ),
  );
});

test('a range that is none is refused', () => {
  for (const range of [{ from: 0 }, { to: 65_536 }, { from: 10, to: 9 }, { from: 1.5 }])
    assert.throws(() => candidatePorts('x', range).next(), { code: 'option-invalid' });
});
