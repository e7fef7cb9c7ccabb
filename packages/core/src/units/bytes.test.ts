import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatByteSize, parseByteSize } from './bytes.ts';

test('a size is shown in the unit that it is a whole number of, and otherwise rounded', () => {
  const sizes = [
    '1 GiB',
    '1.5 GiB',
    '1100 MiB',
    '1101 MiB',
    '20000 MiB',
    '10 GB',
    '1 TB',
    '64 MiB',
    '2 KiB',
    '100 B',
  ] as const;
  for (const size of sizes) assert.equal(formatByteSize(parseByteSize(size, 'memory')), size);
  assert.equal(formatByteSize(1_234_567_890), '1.2 GB');
});

test('what is no size is refused', () => {
  for (const size of [null, undefined, Number.NaN, -1, 5n, '', '1 GiBi', '1e3 MB', {}])
    assert.throws(() => parseByteSize(size as never, 'memory'), { code: 'size-invalid' });
});
