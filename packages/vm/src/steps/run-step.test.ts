import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GuestSession, generateSshKeyPair } from '@goqemu/guest';
import { FakeSshServer } from '@goqemu/testing/ssh-server';
import { runStep } from './run-step.ts';
import type { StepGuest } from './step-guest.ts';
import type { VmStep } from './vm-step.ts';

let server: FakeSshServer;
let session: GuestSession;
let programs = '';

before(async () => {
  programs = await mkdtemp(join(tmpdir(), 'goqemu-programs-'));
  const [host, access] = await Promise.all([generateSshKeyPair('host'), generateSshKeyPair('access')]);
  server = await FakeSshServer.start({
    hostPrivateKey: host.privateKey,
    authorizedKeys: [access.publicKey],
    environment: { PATH: `${programs}:${process.env.PATH}` },
  });
  const { port, user } = server;
  const keys = { privateKey: access.privateKey, hostKey: host.publicKey };
  session = new GuestSession({ host: '127.0.0.1', port, user, ...keys });
  await session.connect();
});

after(async () => {
  await session.close();
  await server[Symbol.asyncDispose]();
  await rm(programs, { recursive: true });
});

/** A guest whose kernel has run for so long. */
async function setUptime(seconds: number): Promise<void> {
  const cat = `#!/bin/sh\nif [ "$*" = /proc/uptime ]; then echo ${seconds} 0; else exec /bin/cat "$@"; fi\n`;
  await writeFile(join(programs, 'cat'), cat);
  await chmod(join(programs, 'cat'), 0o755);
}

const guest = (machine: string): StepGuest => ({
  machine,
  session,
  serialLog: undefined,
  follow: () => Promise.reject(new Error('no reboot is awaited here')),
});
/** A session whose connection does not come. */
const never = (_command: unknown, { signal }: { readonly signal: AbortSignal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const settings = { name: 'slow', user: 'debian', environment: {}, timeoutMs: 60_000 };
const run = (script: string, more: object = {}): VmStep => ({
  ...settings,
  kind: 'run',
  script,
  interpreter: '/bin/sh',
  ...more,
});

test('a command that takes too long is quoted with the end of its output', async () => {
  const step = run('echo Waiting for cache lock: held by process 812; exec sleep 500', { timeoutMs: 3000 });
  await assert.rejects(runStep(guest('db'), step, {}), {
    code: 'timeout',
    message: 'step "slow" of db did not finish within 3 s: its command still ran and was ended',
    detail: 'the end of its output:\nWaiting for cache lock: held by process 812',
  });
});

test('a command that was not sent in time is distinguished from one that ran', async () => {
  const full = { ...guest('db'), session: Object.assign(Object.create(session), { exec: never }) };
  await assert.rejects(runStep(full, run('true', { timeoutMs: 100 }), {}), {
    code: 'timeout',
    message: 'step "slow" of db did not finish within 100 ms: its command was not sent, as the guest was not reached',
  });
});

test('a condition that does not come true in time is named, with what was found wanting last', async () => {
  const step: VmStep = { ...settings, kind: 'waitFor', condition: { file: '/does/not/exist' }, timeoutMs: 3000 };
  await assert.rejects(runStep(guest('web'), step, {}), {
    code: 'timeout',
    message: 'step "slow" of web did not finish within 3 s: waited for file /does/not/exist',
    detail: 'last seen: there is no such file',
  });
});

test('a captured value is whole, or too large by name', async () => {
  const printing = (bytes: number) => `head -c ${bytes} /dev/zero | tr '\\000' a`;
  const captured = (bytes: number, more: object = {}) =>
    runStep(guest('web'), run(printing(bytes), { capture: { secret: false }, ...more }), {});
  assert.equal((await captured(2 ** 20)).stdout.length, 2 ** 20);
  await assert.rejects(captured(2 ** 20 + 1), {
    code: 'capture-too-large',
    message: 'capture "slow" of web printed more than 1048576 bytes',
    hint: /maxBytes/,
  });
  assert.equal((await captured(2 ** 20 + 1, { maxBytes: 2 ** 21 })).stdout.length, 2 ** 20 + 1);
});

test('a step that reboots the guest is distinguished from one whose connection broke, however it ended', async () => {
  const cut = { onOutput: () => server.link.cut() };
  const broken = () => runStep(guest('web'), run('echo on its way; sleep 60'), cut);
  const ended = () => runStep(guest('web'), run('kill -TERM $$'), {});
  await setUptime(0.5);
  const rebooted = {
    code: 'guest-rebooted',
    message: 'web rebooted while step "slow" ran',
    hint: /\.reboot\('restart'\).*goqemu help lab#reboots/,
  };
  await assert.rejects(broken(), rebooted);
  await assert.rejects(ended(), rebooted);
  await setUptime(5000);
  await assert.rejects(broken(), { code: 'connection-lost', hint: /^the guest may have rebooted or lost its network/ });
  await assert.rejects(ended(), { code: 'step-failed' });
});
