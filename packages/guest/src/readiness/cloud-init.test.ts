import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { sleep } from '@goqemu/core';
import { fakeGuest } from '../session/session.fixture.ts';
import { cloudInitScript, waitForCloudInit } from './cloud-init.ts';

const run = promisify(execFile);
let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'goqemu-cloud-'));
});
after(() => rm(root, { recursive: true, force: true }));

const ask = async (name: string) => (await run('/bin/sh', ['-c', cloudInitScript(join(root, name))])).stdout;

/** A guest whose file system is the given folder. */
function guestAt(name: string) {
  return fakeGuest({
    onExec(request, channel) {
      const nonce = /goqemu ([0-9a-f]{32})/.exec(request)?.[1] ?? '';
      channel.stderr.write(`\x01${nonce} 1 1\x01`);
      channel.resume();
      void ask(name).then((stdout) => {
        channel.write(stdout);
        channel.exit(0);
        channel.end();
      });
    },
  });
}

const never = new AbortController().signal;

test('a guest without cloud-init passes', async () => {
  await using guest = await guestAt('absent');
  assert.equal(await waitForCloudInit(guest.session, never), 'absent');
});

test('a guest whose cloud-init is switched off passes', async () => {
  await mkdir(join(root, 'off/etc/cloud'), { recursive: true });
  await mkdir(join(root, 'off/run/cloud-init'), { recursive: true });
  await writeFile(join(root, 'off/etc/cloud/cloud-init.disabled'), '');
  await using guest = await guestAt('off');
  assert.equal(await waitForCloudInit(guest.session, never), 'disabled');
});

test('the wait ends when the result appears', async () => {
  await mkdir(join(root, 'slow/run/cloud-init'), { recursive: true });
  await using guest = await guestAt('slow');
  const waiting = waitForCloudInit(guest.session, never);
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
  await using guest = await guestAt('bad');
  await assert.rejects(waitForCloudInit(guest.session, never), {
    code: 'cloud-init-failed',
    detail: "('scripts_user', RuntimeError())\nno space",
  });
});

test('a result that is not JSON is an error, not a success', async () => {
  await mkdir(join(root, 'odd/run/cloud-init'), { recursive: true });
  await writeFile(join(root, 'odd/run/cloud-init/result.json'), '{');
  await using guest = await guestAt('odd');
  await assert.rejects(waitForCloudInit(guest.session, never), { code: 'cloud-init-failed', detail: /not JSON/ });
});
