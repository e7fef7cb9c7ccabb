import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MacTable } from './mac-table.ts';

test('it finds what a simple list of stations finds, in any order of frames, ages and flushes (2,000 cases)', () => {
  const step = fc.record({
    do: fc.constantFrom('learn', 'find', 'flush'),
    high: fc.integer({ min: 0, max: 3 }),
    low: fc.integer({ min: -4, max: 4 }),
    port: fc.nat(3),
    later: fc.constantFrom(0, 0, 1, 20),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new MacTable({ capacity: 8, ageSeconds: 30 });
      /** From the least to the most recently seen. */
      const model = new Map<string, { port: number; seen: number }>();
      let now = 0;
      for (const { do: what, high, low, port, later } of steps) {
        now += later;
        const key = `${high} ${low}`;
        const known = model.get(key);
        if (what === 'learn') {
          assert.equal(table.learn(high, low, port, now), known?.port ?? -1);
          if (!known || known.port !== port || known.seen !== now) model.delete(key);
          if (!model.has(key) && model.size === 8) model.delete([...model.keys()][0] as string);
          model.set(key, { port, seen: now });
        } else if (what === 'find') {
          if (known && now - known.seen > 30) model.delete(key);
          assert.equal(table.find(high, low, now), model.get(key)?.port ?? -1);
        } else {
          const flushed = [...model].filter(([, station]) => station.port === port);
          for (const [each] of flushed) model.delete(each);
          assert.equal(table.flush(port), flushed.length);
        }
        assert.equal(table.size, model.size);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('of 10,000 stations it keeps the last 4096, and forgets them after five minutes', () => {
  const table = new MacTable();
  for (let station = 0; station < 10_000; station += 1) table.learn(station % 7, station * 7919, 1, 0);
  assert.equal(table.size, 4096);
  assert.equal(table.find(0, 0, 0), -1);
  const last = 9_999;
  assert.equal(table.find(last % 7, last * 7919, 300), 1);
  assert.equal(table.find(last % 7, last * 7919, 301), -1);
});
