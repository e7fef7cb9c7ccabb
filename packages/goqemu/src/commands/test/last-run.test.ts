import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLastFailed, writeLastRun } from './last-run.ts';

test('what is kept of the last run counts as none when it is damaged, and is written again by the next', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'goqemu-last-run-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'test-results/.last-run.json');
  assert.equal(readLastFailed(folder), undefined);
  await writeLastRun(folder, []);
  assert.deepEqual(readLastFailed(folder), []);
  for (const text of ['', '\0\0\0\0', '{"version":1,"fai', 'null', '{"version":1,"failed":[{"file":1}]}']) {
    writeFileSync(file, text);
    assert.equal(readLastFailed(folder), undefined, JSON.stringify(text));
  }
  rmSync(file);
  mkdirSync(file);
  assert.equal(readLastFailed(folder), undefined);
  await writeLastRun(folder, []);
  assert.deepEqual(readLastFailed(folder), []);
});
