import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '@goqemu/core';
import { generateSshKeyPair } from '../keys/key-pair.ts';
import { GuestSession } from './guest-session.ts';
import { fakeGuest } from './session.fixture.ts';

const quick = { banner: { distancesMs: [100], retryMs: [20, 20] }, reconnectMs: 20_000 } as const;

async function until(check: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !check(); i++) await sleep(20);
  assert.ok(check(), 'what was waited for never came');
}

test('a port that accepts and stays mute is tried again until a server speaks', async () => {
  await using guest = await fakeGuest({}, quick);
  guest.server.link.silence();
  const said: string[] = [];
  const connecting = guest.session.connect({ onAttempt: (reason) => said.push(reason) });
  await until(() => said.length >= 6);
  assert.match(said[0] ?? '', /no SSH server answers/);
  await guest.server.link.accept();
  await connecting;
});

test('a closed port is tried again until it opens', async () => {
  await using guest = await fakeGuest({}, quick);
  await guest.server.link.refuse();
  const reasons: string[] = [];
  const connecting = guest.session.connect({ onAttempt: (reason) => reasons.push(reason) });
  await until(() => reasons.length >= 3);
  assert.match(reasons[0] ?? '', /ECONNREFUSED/);
  await guest.server.link.accept();
  await connecting;
});

test('a wait for a connection that never comes ends with its name and the last reason', async () => {
  await using guest = await fakeGuest({}, quick);
  await guest.server.link.refuse();
  await assert.rejects(
    guest.session.connect({ timeoutMs: 1500 }),
    (error: Error & { code: string; detail: string }) => {
      assert.equal(error.code, 'timeout');
      assert.match(error.message, /connecting to 127.0.0.1:\d+ over SSH did not finish within 1\.5 s/);
      assert.match(error.detail, /ECONNREFUSED/);
      return true;
    },
  );
});

test('another host key than the pinned one is refused, and nothing is sent to it', async () => {
  const other = await generateSshKeyPair();
  await using guest = await fakeGuest({ hostPrivateKey: other.privateKey }, quick);
  await assert.rejects(guest.session.exec('echo secret'), { code: 'host-key-mismatch' });
  assert.deepEqual(guest.server.requests, []);
  assert.equal(guest.server.logins, 0);
});

test('a refused key is an error of its own and is not tried for ever', async () => {
  await using guest = await fakeGuest({}, quick);
  guest.server.refuseLogins(true);
  await assert.rejects(guest.session.exec('true'), { code: 'authentication-failed' });
  assert.equal(guest.server.link.accepted, 1);
});

test('closing while a connection is being made ends the attempt', async () => {
  await using guest = await fakeGuest({}, quick);
  guest.server.link.silence();
  const waiting = guest.session.exec('true');
  waiting.catch(() => undefined); // looked at below
  await until(() => guest.server.link.accepted > 0);
  await guest.session.close();
  await assert.rejects(waiting, { code: 'session-closed' });
});

test('importing the package does not load the SSH library', async () => {
  const { spawnSync } = await import('node:child_process');
  const entry = new URL('../index.ts', import.meta.url).href;
  const program = `await import(${JSON.stringify(entry)}); const { createRequire } = await import('node:module'); console.log(Object.keys(createRequire(${JSON.stringify(entry)}).cache).filter((f) => f.includes('ssh2')).length)`;
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  assert.equal(stdout.trim(), '0');
});

test('a session needs nothing until it is used', () => {
  const session = new GuestSession({ host: '127.0.0.1', port: 1, user: 'x', privateKey: '', hostKey: '' });
  assert.equal(session.isConnected, false);
});
