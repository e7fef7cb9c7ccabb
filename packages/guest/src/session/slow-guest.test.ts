import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '@goqemu/core';
import { waitUntilReady } from '../readiness/wait-until-ready.ts';
import { GuestSession } from './guest-session.ts';
import { mostMute } from './pace.ts';
import { fakeGuest, realGuest } from './session.fixture.ts';

const quick = { banner: { distancesMs: [200, 400, 600], retryMs: [20, 40], shutOutMs: 100 } } as const;

test('a guest whose sshd needs ten seconds to its banner is reached at the usual pace, by a command and as it gets ready', async () => {
  await using guest = await realGuest();
  guest.link.answerAfterMs = 10_000;
  await using other = new GuestSession({ ...guest.session.endpoint });
  const stop = new AbortController();
  const stages: string[] = [];
  const ready = waitUntilReady({
    session: other,
    isProcessAlive: () => true,
    signal: stop.signal,
    onStage({ stage }) {
      stages.push(stage);
      if (stage === 'login') stop.abort(new Error('seen enough'));
    },
  });
  const [{ stdout }] = await Promise.all([
    guest.session.exec('echo reached'),
    assert.rejects(ready, { message: 'seen enough' }),
  ]);
  assert.equal(stdout, 'reached\n');
  assert.equal(stages.at(-1), 'login');
  assert.equal(guest.link.accepted, 2 * mostMute, 'each session has the connection that was answered, and one rival');
});

test('against a server that stays mute there are two connections at once, opened at growing distances', async () => {
  await using guest = await fakeGuest({}, quick);
  guest.server.link.silence();
  const opened: number[] = [];
  let most = 0;
  const connecting = guest.session.connect({
    timeoutMs: 1500,
    onAttempt: () => {
      opened.push(guest.server.link.accepted);
      most = Math.max(most, guest.server.link.open);
    },
  });
  await assert.rejects(connecting, { code: 'timeout', detail: /no SSH server answers on it yet/ });
  assert.deepEqual(opened, [1, 2, 3], 'at 0.2, 0.6 and 1.2 s');
  assert.equal(guest.server.link.accepted, 4);
  assert.ok(most <= mostMute, `${most} at once`);
});

test('an address that is shut out for a while is waited out, and the reason is reported', async () => {
  await using guest = await fakeGuest({}, quick);
  guest.server.link.turnAway('Not allowed at this time');
  const reasons: string[] = [];
  const connecting = guest.session.connect({
    onAttempt: (reason) => {
      reasons.push(reason);
      if (reasons.length === 3) guest.server.link.turnAway(undefined);
    },
  });
  await connecting;
  assert.equal(guest.server.link.accepted, 4);
  assert.match(reasons[0] ?? '', /accepts no connection from this address for some seconds \(PerSourcePenalties\)/);
});

test('a login that stays refused is tried again only after its pause', async () => {
  await using guest = await fakeGuest({}, quick);
  guest.server.refuseLogins(true);
  const stop = new AbortController();
  const waiting = waitUntilReady({ session: guest.session, isProcessAlive: () => true, signal: stop.signal });
  await sleep(1500);
  stop.abort(new Error('enough'));
  await assert.rejects(waiting, { message: 'enough' });
  assert.equal(guest.server.link.accepted, 1);
});

test('another service on the port is named', async () => {
  await using guest = await fakeGuest({}, quick);
  guest.server.link.turnAway('220 mail.example ESMTP');
  await assert.rejects(guest.session.connect({ timeoutMs: 500 }), {
    detail: 'the port answers with "220 mail.example ESMTP\\r\\n", not as an SSH server',
  });
});
