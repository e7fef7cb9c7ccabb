import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProjectWatch } from './project-watch.ts';

function project(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'goqemu-watch-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['src/deep', 'node_modules/a', '.git', 'test-results'])
    mkdirSync(join(folder, name), { recursive: true });
  return { folder, write: (name: string) => writeFileSync(join(folder, name), String(Math.random())) };
}

test('a change of a file tells its path, also between two calls; what is left out does not', async (t) => {
  const { folder, write } = project(t);
  using watched = new ProjectWatch(folder, [join(folder, 'test-results'), join(folder, 'results.xml')]);
  const { signal } = new AbortController();
  for (const name of ['node_modules/a/index.js', '.git/HEAD', 'test-results/a', 'results.xml', '.hidden']) write(name);
  write('src/deep/lab.ts');
  await sleep(200);
  assert.deepEqual(await watched.next(signal), [join(folder, 'src/deep/lab.ts')]);
  mkdirSync(join(folder, 'new'));
  assert.deepEqual(await watched.next(signal), [join(folder, 'new')]);
  const waiting = watched.next(signal);
  write('new/web.lab.test.ts');
  assert.deepEqual(await waiting, [join(folder, 'new/web.lab.test.ts')]);
});

test('who waits is released by the signal', async (t) => {
  const { folder } = project(t);
  using watched = new ProjectWatch(folder, []);
  const stop = new AbortController();
  const waiting = watched.next(stop.signal);
  stop.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
});

test('a folder that is removed is watched no more, and one of the same name is', async (t) => {
  const { folder, write } = project(t);
  using watched = new ProjectWatch(folder, []);
  const { signal } = new AbortController();
  rmSync(join(folder, 'src'), { recursive: true });
  assert.ok((await watched.next(signal)).includes(join(folder, 'src')));
  mkdirSync(join(folder, 'src'));
  await watched.next(signal);
  write('src/lab.ts');
  assert.deepEqual(await watched.next(signal), [join(folder, 'src/lab.ts')]);
});

test('a folder that is not there is an error that says so', () => {
  assert.throws(() => new ProjectWatch('/nowhere/at/all', []), {
    code: 'watch-failed',
    message: 'the files in /nowhere/at/all cannot be watched',
  });
});
