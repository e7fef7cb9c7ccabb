import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as aMoment } from 'node:timers/promises';
import { type GoqemuError, sleep } from '@goqemu/core';
import { generateSshKeyPair } from '../keys/key-pair.ts';
import { fakeGuest, programsIn } from '../session/session.fixture.ts';
import { readinessStages, type StageReached } from './stages.ts';
import { type ReadinessOptions, waitUntilReady as waitForGuest } from './wait-until-ready.ts';

let folder = '';
/** A guest whose file system is empty and whose programs are few: it has no cloud-init, whatever this host has. */
let bare = { environment: { PATH: '' } };
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-ready-'));
  bare = { environment: { PATH: await programsIn(join(folder, 'bin'), ['cat', 'sleep']) } };
});
const waitUntilReady = (options: ReadinessOptions) => waitForGuest({ ...options, guestRoot: folder });
after(() => rm(folder, { recursive: true, force: true }));

const quick = { banner: { distancesMs: [50], retryMs: [20, 20] } } as const;
const isProcessAlive = () => true;
const bootLog = 'SeaBIOS (version 1.16)\r\n[    0.000000] Linux version 6.1\r\n';

async function serialLog(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('the stages are reached in order, each with its time, and reported as they come', async () => {
  await using guest = await fakeGuest(bare, quick);
  const reported: StageReached[] = [];
  const ready = await waitUntilReady({
    session: guest.session,
    serialLog: await serialLog('good', bootLog),
    isProcessAlive,
    onStage: (stage) => reported.push(stage),
  });
  assert.deepEqual(
    reported.map(({ stage }) => stage),
    [...readinessStages],
  );
  assert.deepEqual(ready.stages, reported);
  assert.ok(reported.every(({ atMs }, i) => atMs >= (reported[i - 1]?.atMs ?? 0)));
  assert.equal(ready.cloudInit, 'absent');
});

test('a guest whose console says nothing gets ready by SSH alone', async () => {
  await using guest = await fakeGuest(bare, quick);
  const ready = await waitUntilReady({
    session: guest.session,
    serialLog: join(folder, 'never written'),
    isProcessAlive,
    timeouts: { firmware: 1, kernel: 1 },
  });
  assert.equal(ready.stages.length, readinessStages.length);
});

test('a stage that stalls is named with its wait, the last reason and the console’s last twenty lines', async () => {
  await using guest = await fakeGuest(bare, quick);
  await guest.server.link.refuse();
  const lines = Array.from(
    { length: 30 },
    (_, i) => `\x1b[32m[    0.${String(i).padStart(6, '0')}] line ${i}\x1b[0m\r\n`,
  ).join('');
  const waiting = waitUntilReady({
    session: guest.session,
    serialLog: await serialLog('stalls', bootLog + lines),
    isProcessAlive,
    machine: 'web',
    timeouts: { 'ssh-banner': 300 },
  });
  await assert.rejects(waiting, (error: GoqemuError) => {
    assert.equal(error.code, 'stage-stalled');
    assert.match(error.message, /^web did not become ready: stage ssh-banner was not reached within [\d.]+ m?s$/);
    assert.match(error.detail ?? '', /ECONNREFUSED/);
    assert.deepEqual(
      error.data.console,
      Array.from({ length: 20 }, (_, i) => `[    0.${String(i + 10).padStart(6, '0')}] line ${i + 10}`),
    );
    assert.equal(error.data.stage, 'ssh-banner');
    assert.deepEqual(error.data.reached, ['process', 'firmware', 'kernel']);
    return true;
  });
  await guest.server.link.accept();
  const before = guest.server.link.accepted;
  await sleep(200);
  assert.equal(guest.server.link.accepted, before, 'no attempt continues after the wait');
});

test('a port that accepts before there is a server is not taken for a banner', async () => {
  await using guest = await fakeGuest(bare, quick);
  guest.server.link.silence();
  const reported: string[] = [];
  const waiting = waitUntilReady({
    session: guest.session,
    serialLog: await serialLog('mute', bootLog),
    isProcessAlive,
    timeouts: { 'ssh-banner': 400 },
    onStage: ({ stage }) => reported.push(stage),
  });
  await assert.rejects(waiting, { code: 'stage-stalled', detail: /no SSH server answers/ });
  assert.ok(!reported.includes('ssh-banner'));
});

test('a firmware that finds nothing to boot ends the wait at once', async () => {
  await using guest = await fakeGuest(bare, quick);
  await guest.server.link.refuse();
  const waiting = waitUntilReady({
    session: guest.session,
    serialLog: await serialLog('empty disk', 'SeaBIOS\r\nBooting from Hard Disk...\r\nNo bootable device.\r\n'),
    isProcessAlive,
  });
  await assert.rejects(waiting, { code: 'boot-failed', detail: /No bootable device/ });
});

test('a process that ends during the wait ends it', async () => {
  await using guest = await fakeGuest(bare, quick);
  await guest.server.link.refuse();
  let looks = 0;
  const waiting = waitUntilReady({
    session: guest.session,
    serialLog: await serialLog('dies', bootLog),
    isProcessAlive: () => ++looks < 3,
  });
  await assert.rejects(waiting, { code: 'machine-exited' });
});

test('a login that is refused at first is tried again until it works', async () => {
  await using guest = await fakeGuest(bare, quick);
  guest.server.refuseLogins(true);
  const waiting = waitUntilReady({ session: guest.session, isProcessAlive, refusedLoginPauseMs: 100 });
  await sleep(400);
  guest.server.refuseLogins(false);
  assert.equal((await waiting).stages.length, readinessStages.length);
});

test('a login that stays refused stalls in its own stage', async () => {
  await using guest = await fakeGuest(bare, quick);
  guest.server.refuseLogins(true);
  await assert.rejects(waitUntilReady({ session: guest.session, isProcessAlive, timeouts: { login: 300 } }), {
    code: 'stage-stalled',
    message: /stage login was not reached/,
    detail:
      /refused the access key of user "debian"[\s\S]*an image without cloud-init, or with it switched off, has none/,
  });
});

test('a wrong host key is named when its stage stalls', async () => {
  const other = await generateSshKeyPair();
  await using guest = await fakeGuest({ hostPrivateKey: other.privateKey }, quick);
  await assert.rejects(waitUntilReady({ session: guest.session, isProcessAlive, timeouts: { login: 300 } }), {
    code: 'stage-stalled',
    detail: /not the machine that goqemu made/,
  });
});

test('giving up by signal ends the wait with the signal’s reason', async () => {
  await using guest = await fakeGuest(bare, quick);
  guest.server.link.silence();
  const stop = new AbortController();
  const waiting = waitUntilReady({ session: guest.session, isProcessAlive, signal: stop.signal });
  setTimeout(() => stop.abort(new Error('interrupted')), 100);
  await assert.rejects(waiting, { message: 'interrupted' });
});

/** Hours in moments: each pause is over at once, and moves the clock on. */
function virtualClock() {
  let at = 0;
  return {
    now: () => at,
    sleep: async (milliseconds: number, signal: AbortSignal) => {
      at += milliseconds;
      await aMoment(); // not a timer: on Windows the shortest takes 16 ms
      signal.throwIfAborted();
    },
  };
}

/** A guest that shows nothing after this on its console, on the virtual clock; how long it took to be called stalled. */
async function stalled(
  name: string,
  { log, share, wants }: { readonly log: string; readonly share: number; readonly wants: boolean },
  options: Partial<ReadinessOptions> = {},
) {
  await using guest = await fakeGuest(bare, quick);
  await guest.server.link.refuse();
  const clock = virtualClock();
  const waiting = waitUntilReady({
    session: guest.session,
    serialLog: await serialLog(name, log),
    isProcessAlive,
    clock,
    processor: { everyMs: 0, look: async () => ({ usedMs: clock.now() * share, wants }) },
    ...options,
  });
  const error = await waiting.then(
    () => assert.fail('it became ready'),
    (thrown: GoqemuError) => thrown,
  );
  assert.equal(error.code, 'stage-stalled');
  return { error, seconds: Math.round(clock.now() / 1000) };
}

test('a guest that hangs is reported within two minutes, whether it spins or waits, in each stage', async () => {
  for (const [name, log] of [
    ['firmware', 'SeaBIOS (version 1.16.2)\r\n'],
    ['kernel', bootLog],
  ] as const)
    for (const [share, wants] of [
      [1, true],
      [0.02, false],
    ] as const) {
      const { error, seconds } = await stalled(`hangs-${name}-${wants}`, { log, share, wants });
      assert.ok(seconds <= 120, `${name}: ${seconds} s`);
      assert.match(error.detail ?? '', /ECONNREFUSED|nothing more came from its serial console/);
    }
  const mute = await stalled('hangs-mute', { log: '', share: 0.02, wants: false });
  assert.ok(mute.seconds <= 120, `one whose console was never there: ${mute.seconds} s`);
});

test('a guest that is given a twentieth of a processor has twenty times as long, and the error says so', async () => {
  const { error, seconds } = await stalled('starved', { log: bootLog, share: 0.05, wants: true });
  assert.ok(seconds > 1800, `${seconds} s`);
  assert.match(error.message, /within 3\d min.*, of which it had a processor of this busy host for 1 min/);
});

test('a stage that the lab gives more time has it, also where the console is silent; the scale multiplies all', async () => {
  const busy = { log: bootLog, share: 1, wants: true };
  const longer = await stalled('longer', busy, { timeouts: { 'ssh-banner': 200_000 } });
  assert.ok(longer.seconds >= 200 && longer.seconds <= 201, `${longer.seconds} s`);
  const scaled = await stalled('scaled', busy, { timeoutScale: 3 });
  assert.ok(scaled.seconds >= 330 && scaled.seconds <= 332, `${scaled.seconds} s`);
});
