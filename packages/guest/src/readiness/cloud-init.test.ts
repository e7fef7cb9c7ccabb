import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sleep } from '@goqemu/core';
import { fakeGuest, programsIn } from '../session/session.fixture.ts';
import { waitForCloudInit } from './cloud-init.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'goqemu-cloud-'));
});
after(() => rm(root, { recursive: true, force: true }));

/** What `waitForCloudInit` finds in a guest whose file system is the given folder, and whose programs are few. */
async function cloudInitOf(name: string) {
  const environment = { PATH: await programsIn(join(root, name, 'bin'), ['cat', 'sleep']) };
  await using guest = await fakeGuest({ environment });
  return await waitForCloudInit(guest.session, new AbortController().signal, join(root, name));
}

test('a guest without cloud-init passes', async () => {
  assert.equal(await cloudInitOf('absent'), 'absent');
});

test('a guest whose cloud-init is switched off passes', async () => {
  await mkdir(join(root, 'off/etc/cloud'), { recursive: true });
  await mkdir(join(root, 'off/run/cloud-init'), { recursive: true });
  await writeFile(join(root, 'off/etc/cloud/cloud-init.disabled'), '');
  assert.equal(await cloudInitOf('off'), 'disabled');
});

test('the wait ends when the result appears', async () => {
  await mkdir(join(root, 'slow/run/cloud-init'), { recursive: true });
  const waiting = cloudInitOf('slow');
  let over = false;
  void waiting.then(() => {
    over = true;
  });
  await sleep(500);
  assert.equal(over, false);
  await writeFile(join(root, 'slow/run/cloud-init/result.json'), '{ "v1": { "datasource": "NoCloud", "errors": [] } }');
  assert.equal(await waiting, 'done');
});

test('errors of cloud-init are reported in its own words', async () => {
  await mkdir(join(root, 'bad/run/cloud-init'), { recursive: true });
  await writeFile(
    join(root, 'bad/run/cloud-init/result.json'),
    '{ "v1": { "errors": ["(\'scripts_user\', RuntimeError())", "no space"] } }',
  );
  await assert.rejects(cloudInitOf('bad'), {
    code: 'cloud-init-failed',
    detail: "('scripts_user', RuntimeError())\nno space",
  });
});

test('a result that is not JSON is an error, not a success', async () => {
  await mkdir(join(root, 'odd/run/cloud-init'), { recursive: true });
  await writeFile(join(root, 'odd/run/cloud-init/result.json'), '{');
  await assert.rejects(cloudInitOf('odd'), { code: 'cloud-init-failed', detail: /not JSON/ });
});
