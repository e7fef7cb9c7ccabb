import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { followFile, readTail } from './log-file.ts';

const base = mkdtempSync(join(tmpdir(), 'goqemu-log-'));
after(() => rmSync(base, { recursive: true }));

test('the tail of a log is its last lines; all of it without a number', async () => {
  const path = join(base, 'tail.log');
  writeFileSync(path, 'one\ntwo\nthree\n');
  const tail = async (lines?: number) => (await readTail(path, lines)).bytes.toString();
  assert.equal(await tail(), 'one\ntwo\nthree\n');
  assert.equal(await tail(2), 'two\nthree\n');
  assert.equal(await tail(9), 'one\ntwo\nthree\n');
  assert.equal(await tail(0), '');
  writeFileSync(path, 'one\ntwo');
  assert.equal(await tail(1), 'two');
});

test('a log that is not there yet is empty', async () => {
  assert.equal((await readTail(join(base, 'none.log'), 5)).bytes.length, 0);
});

test('following hands out what comes, and starts over with a log that was truncated', async () => {
  const path = join(base, 'follow.log');
  writeFileSync(path, 'old\n');
  const stop = new AbortController();
  let seen = '';
  const following = (async () => {
    for await (const bytes of followFile(path, 4, stop.signal)) {
      seen += bytes.toString();
      if (seen === 'new\n') {
        truncateSync(path, 0);
        appendFileSync(path, 'again\n');
        // A file that is as long as before the truncation looks like one that has only grown.
      }
      if (seen.endsWith('again\n')) stop.abort();
    }
  })();
  appendFileSync(path, 'new\n');
  await following;
  assert.equal(seen, 'new\nagain\n');
});
