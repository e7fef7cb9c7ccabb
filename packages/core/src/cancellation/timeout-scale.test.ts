import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scaledTimeout, timeoutScale } from './timeout-scale.ts';

const scale = (text?: string) => timeoutScale({ GOQEMU_TIMEOUT_SCALE: text });

test('time-outs are multiplied by a number greater than 0', () => {
  assert.deepEqual([scale(), scale(''), scale('4'), scale('0.5'), scale(' 2.5 ')], [1, 1, 4, 0.5, 2.5]);
  assert.equal(scaledTimeout(30_000, { GOQEMU_TIMEOUT_SCALE: '1.5' }), 45_000);
});

test('anything else is refused, and what it should be is said', () => {
  for (const text of ['0', '-1', 'x', '1e9', 'Infinity', '2x', '0x4', '1001', '.'])
    assert.throws(
      () => scale(text),
      { code: 'timeout-scale-invalid', source: 'user', message: /greater than 0/ },
      text,
    );
});
