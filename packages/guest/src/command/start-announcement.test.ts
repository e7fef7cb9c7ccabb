import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StartAnnouncement } from './start-announcement.ts';

const nonce = '0123456789abcdef0123456789abcdef';

test('however the output is cut into chunks, only the announcement is taken out of it', () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
  fc.assert(
    fc.property(
      bytes,
      bytes,
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 30 }),
      (before, after, cuts) => {
        const whole = Buffer.concat([before, Buffer.from(`\x01${nonce} 12 34\x01`), after]);
        const announcement = new StartAnnouncement(nonce);
        const passed: Buffer[] = [];
        for (let at = 0, i = 0; at < whole.length; i++) {
          const length = cuts[i % cuts.length] ?? 1;
          passed.push(announcement.push(whole.subarray(at, at + length)));
          at += length;
        }
        passed.push(announcement.flush());
        assert.deepEqual(Buffer.concat(passed), Buffer.concat([before, after]));
        assert.deepEqual(announcement.started, { group: 12, pid: 34 });
      },
    ),
  );
});

test('output without an announcement passes whole', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 }), (chunks) => {
      const announcement = new StartAnnouncement(nonce);
      const passed = chunks.map((chunk) => announcement.push(Buffer.from(chunk)));
      assert.deepEqual(Buffer.concat([...passed, announcement.flush()]), Buffer.concat(chunks));
      assert.equal(announcement.started, undefined);
    }),
  );
});
