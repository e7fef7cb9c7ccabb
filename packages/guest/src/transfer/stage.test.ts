import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fakeGuest, programsIn } from '../session/session.fixture.ts';
import { withStage } from './stage.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-stage-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('in a guest without sudo the private folder goes too, and the error names user and remedy', async () => {
  const path = await programsIn(join(folder, 'bin'), ['mkdir', 'rm']);
  await writeFile(join(path, 'id'), '#!/bin/sh\n[ "$1" = -un ] && echo debian || echo 1000\n', { mode: 0o755 });
  await using guest = await fakeGuest({ environment: { PATH: path } });
  let stage = '';
  const placing = withStage(guest.session, { what: 'upload of a to /b', signal: undefined }, async (made) => {
    stage = made;
    assert.equal((await stat(made)).mode & 0o777, 0o700);
    await guest.session.exec('true', { user: 'root', label: 'placing the upload of a to /b' });
  });
  await assert.rejects(placing, {
    code: 'sudo-missing',
    source: 'environment',
    message: 'the guest has no sudo: user "debian" cannot run placing the upload of a to /b as user "root"',
    hint: /an image that has sudo.*\{ user: 'debian' \}/,
  });
  await assert.rejects(stat(stage), { code: 'ENOENT' });
});
