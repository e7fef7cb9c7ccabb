import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { sleep } from '@goqemu/core';
import { GuestSession } from './guest-session.ts';
import { fakeGuest } from './session.fixture.ts';

const quick = { banner: { distancesMs: [100], retryMs: [20, 20] }, reconnectMs: 20_000 } as const;

/** A file that counts how often a command ran: one line each. */
async function counter() {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-count-'));
  const file = join(folder, 'runs');
  await writeFile(file, '');
  return {
    folder,
    file,
    runs: async () => (await readFile(file, 'utf8')).split('\n').length - 1,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500 && !(await check()); i++) await sleep(20);
  assert.ok(await check(), 'what was waited for never came');
}

test('a result holds output, exit code, command and duration', async () => {
  await using guest = await fakeGuest();
  const result = await guest.session.exec('echo out; echo err >&2; exit 3');
  assert.deepEqual(
    { ...result, durationMs: 0 },
    {
      command: 'echo out; echo err >&2; exit 3',
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
      signal: null,
      durationMs: 0,
      truncated: false,
    },
  );
  assert.ok(result.durationMs > 0);
});

test('a session runs over any stream that is opened for it, and opens another when one does not come', async () => {
  await using guest = await fakeGuest();
  const { endpoint } = guest.session;
  let opened = 0;
  const open = async (): Promise<Duplex> => {
    if (++opened === 1) throw new Error('no way to the guest yet');
    const socket = connect(endpoint.port, endpoint.host);
    return Duplex.from({ readable: socket, writable: socket });
  };
  // Nothing listens on the port that messages name: it is not what is connected to.
  await using session = new GuestSession({ ...endpoint, port: 9, open, ...quick });
  assert.equal((await session.exec('echo over a stream')).stdout, 'over a stream\n');
  assert.equal(opened, 2);
});

test('a command that a signal ended has that signal and no exit code', async () => {
  await using guest = await fakeGuest();
  const { exitCode, signal } = await guest.session.exec('kill -KILL $$');
  assert.deepEqual({ exitCode, signal }, { exitCode: null, signal: 'KILL' });
});

test('a command asked for just after the one that waited for the connection was given up connects again', async () => {
  await using guest = await fakeGuest();
  const giveUp = new AbortController();
  const first = guest.session.exec('true', { signal: giveUp.signal });
  await sleep(1);
  giveUp.abort(new Error('given up'));
  const second = guest.session.exec('echo second');
  await assert.rejects(first, { message: 'given up' });
  assert.equal((await second).stdout, 'second\n');
});

test('output beyond the limit keeps its end and says so', async () => {
  await using guest = await fakeGuest();
  const { stdout, truncated } = await guest.session.exec('seq 1 1000', { maxOutputBytes: 9 });
  assert.equal(stdout, '999\n1000\n');
  assert.equal(truncated, true);
});

test('two hundred commands at once run over one connection, within its sessions, each with its own output', async () => {
  await using guest = await fakeGuest();
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, i) => guest.session.exec(`echo ${i}; echo e${i} >&2`)),
  );
  assert.deepEqual(
    results.map(({ stdout, stderr }) => [stdout, stderr]),
    Array.from({ length: 200 }, (_, i) => [`${i}\n`, `e${i}\n`]),
  );
  assert.equal(guest.server.logins, 1);
  assert.ok(guest.server.mostSessions > 1 && guest.server.mostSessions <= 10, `${guest.server.mostSessions} sessions`);
});

test('a slow server wins although it is mute for longer than one attempt', async () => {
  await using guest = await fakeGuest({}, { ...quick, banner: { distancesMs: [300], retryMs: [20, 20] } });
  guest.server.link.latencyMs = 400;
  assert.equal((await guest.session.exec('echo slow')).stdout, 'slow\n');
});

test('a connection that was cut while idle is made again by the next command', async () => {
  await using guest = await fakeGuest({}, quick);
  await guest.session.exec('true');
  guest.server.link.cut();
  await until(() => !guest.session.isConnected);
  assert.equal((await guest.session.exec('echo again')).stdout, 'again\n');
  assert.equal(guest.server.logins, 2);
});

test('a command that was asked for but not yet sent when the connection broke is kept and runs once', async () => {
  await using guest = await fakeGuest({}, quick);
  await using count = await counter();
  await guest.session.connect();
  guest.server.cutOnExec(1);
  const { exitCode } = await guest.session.exec(`echo run >> ${count.file}`);
  assert.equal(exitCode, 0);
  assert.equal(await count.runs(), 1);
  assert.equal(guest.server.requests.length, 2);
});

test('commands that wait in the queue outlive a cut; those in flight fail', async () => {
  await using guest = await fakeGuest({}, { ...quick, maxChannels: 2 });
  await using count = await counter();
  const inFlight = [1, 2].map(() => guest.session.exec(`echo run >> ${count.file}; sleep 20`));
  const waiting = Array.from({ length: 10 }, (_, i) => guest.session.exec(`echo ${i}`));
  for (const one of inFlight) one.catch(() => undefined); // looked at below
  await until(async () => (await count.runs()) === 2);
  guest.server.link.cut();
  for (const one of inFlight) await assert.rejects(one, { code: 'connection-lost' });
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ stdout }) => stdout),
    Array.from({ length: 10 }, (_, i) => `${i}\n`),
  );
});

test('a command that was cut in the middle and is repeatable runs again', async () => {
  await using guest = await fakeGuest({}, quick);
  await using count = await counter();
  const running = guest.session.exec(
    `echo run >> ${count.file}; [ "$(wc -l < ${count.file})" -gt 1 ] || sleep 20; echo done`,
    { repeatable: true },
  );
  await until(async () => (await count.runs()) === 1);
  guest.server.link.cut();
  assert.equal((await running).stdout, 'done\n');
  assert.equal(await count.runs(), 2);
});

test('a guest that drops every connection is not tried for ever', async () => {
  await using guest = await fakeGuest({}, quick);
  guest.server.cutOnExec(1000);
  await assert.rejects(guest.session.exec('true'), { code: 'connect-failed' });
});

test('a network that stands still for less than the keep-alive allows loses nothing', async () => {
  await using guest = await fakeGuest({}, { ...quick, keepaliveMs: 300, keepaliveCount: 10 });
  const running = guest.session.exec('sleep 0.3; echo survived');
  await until(() => guest.session.isConnected && guest.server.requests.length === 1);
  guest.server.link.freeze();
  await sleep(600);
  guest.server.link.thaw();
  assert.equal((await running).stdout, 'survived\n');
  assert.equal(guest.server.logins, 1);
});

test('a network that is gone for longer fails the command in flight, and the next one waits until it is back', async () => {
  await using guest = await fakeGuest({}, { ...quick, keepaliveMs: 100, keepaliveCount: 2 });
  await using count = await counter();
  const running = guest.session.exec(`echo run >> ${count.file}; sleep 20`);
  await until(async () => (await count.runs()) === 1);
  guest.server.link.freeze();
  await assert.rejects(running, { code: 'connection-lost' });
  const next = guest.session.exec('echo back');
  await sleep(300);
  guest.server.link.thaw();
  assert.equal((await next).stdout, 'back\n');
});

test('a command that takes too long is ended in the guest with all its children, and the session continues', async () => {
  await using guest = await fakeGuest();
  const marker = `sleep 29.${Date.now() % 1e6}`;
  await assert.rejects(guest.session.exec(`${marker} & ${marker}`, { timeoutMs: 500, label: 'the step "wait"' }), {
    code: 'timeout',
    message: 'the step "wait" did not finish within 500 ms',
  });
  const { stdout } = await guest.session.exec(['pgrep', '-fx', marker]);
  assert.equal(stdout, '');
});

test('of many commands at once each has its whole time-out from its turn on', async () => {
  await using guest = await fakeGuest({}, { maxChannels: 1 });
  const limits = { timeoutMs: 2500 };
  const results = await Promise.all(
    Array.from({ length: 6 }, () => guest.session.exec('sleep 0.5; echo done', limits)),
  );
  assert.deepEqual(
    [...new Set(results.map(({ stdout }) => stdout))],
    ['done\n'],
    'together they take longer than 2.5 s',
  );
});

test('a command that ignores TERM is killed', async () => {
  await using guest = await fakeGuest();
  const marker = `sleep 28.${Date.now() % 1e6}`;
  await assert.rejects(guest.session.exec(`trap '' TERM; ${marker}; ${marker}`, { timeoutMs: 300 }), {
    code: 'timeout',
  });
  assert.equal((await guest.session.exec(['pgrep', '-fx', marker])).stdout, '');
});

test('giving up by signal ends the command in the guest and rejects with the signal’s reason', async () => {
  await using guest = await fakeGuest();
  const marker = `sleep 27.${Date.now() % 1e6}`;
  const stop = new AbortController();
  const running = guest.session.exec(marker, { signal: stop.signal });
  await until(async () => (await guest.session.exec(['pgrep', '-fx', marker])).exitCode === 0);
  stop.abort(new Error('changed my mind'));
  await assert.rejects(running, { message: 'changed my mind' });
  assert.equal((await guest.session.exec(['pgrep', '-fx', marker])).stdout, '');
});

test('a process left in the background does not keep its command from ending', async () => {
  await using guest = await fakeGuest();
  const marker = `sleep 26.${Date.now() % 1e6}`;
  const { stdout, exitCode } = await guest.session.exec(`${marker} & echo started`);
  assert.deepEqual({ stdout, exitCode }, { stdout: 'started\n', exitCode: 0 });
  await guest.session.exec(['pkill', '-fx', marker]);
});

test('input may be text, bytes or an iterator, and need not be read', async () => {
  await using guest = await fakeGuest();
  async function* pieces() {
    yield 'one ';
    yield Buffer.from('two');
  }
  const bytes = Buffer.alloc(3_000_000, 'x');
  assert.equal((await guest.session.exec('cat', { input: 'Ё' })).stdout, 'Ё');
  assert.equal((await guest.session.exec('cat', { input: pieces() })).stdout, 'one two');
  assert.equal((await guest.session.exec('wc -c', { input: bytes })).stdout.trim(), '3000000');
  assert.equal((await guest.session.exec('exit 4', { input: bytes })).exitCode, 4);
});

test('input whose iterator throws ends the command with that error', async () => {
  await using guest = await fakeGuest();
  // biome-ignore lint/correctness/useYield: it throws before there is anything to yield
  async function* broken(): AsyncGenerator<string> {
    throw new Error('the file vanished');
  }
  await assert.rejects(guest.session.exec('cat', { input: broken() }), { message: 'the file vanished' });
});

test('another user is reached through sudo without a password, and a refusal is an error of its own', async () => {
  await using count = await counter();
  // A sudo that records its words, and refuses one user as the real one does.
  const sudo = `#!/bin/sh
printf '%s\\n' "$*" | head -1 >> ${count.file}
[ "$4" != mallory ] || { echo 'sudo: a password is required' >&2; exit 1; }
while [ "$1" != -- ]; do shift; done; shift; exec "$@"
`;
  await writeFile(join(count.folder, 'sudo'), sudo, { mode: 0o755 });
  await writeFile(join(count.folder, 'id'), '#!/bin/sh\n[ "$1" = -un ] && echo debian || echo 1000\n', { mode: 0o755 });
  await using guest = await fakeGuest({ environment: { PATH: `${count.folder}:${process.env.PATH}` } });
  const { stdout } = await guest.session.exec('echo "$A"; cat', {
    user: 'www-data',
    environment: { A: "q'q" },
    input: 'in',
  });
  assert.equal(stdout, "q'q\nin");
  assert.match(await readFile(count.file, 'utf8'), /^-n -H -u www-data -- \/bin\/sh -c /);
  await assert.rejects(guest.session.exec('id', { user: 'mallory' }), {
    code: 'privilege-denied',
    message: 'user "debian" may not run command "id" as user "mallory" in the guest',
    detail: 'sudo: a password is required',
  });
});

test('a session that is closed fails what is in flight and refuses what comes later', async () => {
  await using guest = await fakeGuest();
  const running = guest.session.exec('sleep 20');
  await until(() => guest.server.requests.length === 1);
  await guest.session.close();
  await assert.rejects(running, { code: 'session-closed' });
  await assert.rejects(guest.session.exec('true'), { code: 'session-closed' });
});

test('after a reset the next command uses a new connection', async () => {
  await using guest = await fakeGuest();
  await guest.session.exec('true');
  guest.session.reset();
  assert.equal((await guest.session.exec('echo new')).stdout, 'new\n');
  assert.equal(guest.server.logins, 2);
});

test('the streamed output arrives while the command runs, and leaving early ends the command', async () => {
  await using guest = await fakeGuest();
  const marker = `sleep 25.${Date.now() % 1e6}`;
  for await (const { stream, data } of guest.session.stream(`echo first; ${marker}`)) {
    assert.equal(stream, 'stdout');
    assert.equal(data.toString(), 'first\n');
    break;
  }
  assert.equal((await guest.session.exec(['pgrep', '-fx', marker])).stdout, '');
});

test('a stream that breaks says so where it is read', async () => {
  await using guest = await fakeGuest({}, quick);
  await assert.rejects(
    async () => {
      for await (const _ of guest.session.stream('echo first; sleep 20')) guest.server.link.cut();
    },
    { code: 'connection-lost' },
  );
});

test('the log holds neither commands nor what they were given', async () => {
  const lines: string[] = [];
  const logger = { log: (...parts: unknown[]) => void lines.push(JSON.stringify(parts)) };
  await using guest = await fakeGuest({}, { logger });
  await guest.session.exec('echo s3cret', { environment: { A: 's3cret' }, input: 's3cret', label: 'step one' });
  assert.ok(lines.some((line) => line.includes('step one')));
  assert.ok(!lines.some((line) => line.includes('s3cret')));
});
