import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StartAnnouncement } from './start-announcement.ts';

const nonce = '0123456789abcdef0123456789abcdef';
const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));

test('however the output is cut into chunks, what follows the announcement passes whole, and what comes ahead does not', () => {
  fc.assert(
    fc.property(
      bytes,
      bytes,
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 30 }),
      (before, after, cuts) => {
        const whole = Buffer.concat([before, Buffer.from(`${nonce}.12.34.`), after]);
        const announcement = new StartAnnouncement(nonce);
        const passed: Buffer[] = [];
        for (let at = 0, i = 0; at < whole.length; i++) {
          const length = cuts[i % cuts.length] ?? 1;
          passed.push(announcement.push(whole.subarray(at, at + length)));
          at += length;
        }
        assert.deepEqual(Buffer.concat(passed), after);
        assert.deepEqual(announcement.started, { group: 12, pid: 34 });
        assert.equal(announcement.ahead, before.toString('utf8'));
      },
    ),
  );
});

test('of output without an announcement the end is kept for an error', () => {
  const announcement = new StartAnnouncement(nonce);
  for (let i = 0; i < 1000; i++) assert.equal(announcement.push(Buffer.from(`line ${i}\n`)).length, 0);
  assert.equal(announcement.started, undefined);
  assert.match(announcement.ahead, /line 999\n$/);
  assert.ok(announcement.ahead.length <= 4096);
});
