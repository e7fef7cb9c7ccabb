import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import type { CommandResult, GuestSession } from '@goqemu/guest';
import type { Reboot } from '@goqemu/spec';
import { runStep } from './run-step.ts';
import type { StepGuest } from './step-guest.ts';

const step: Reboot<string> = { name: 'again', kind: 'reboot', user: 'root', environment: {}, timeoutMs: 60_000 };

interface FakeGuest {
  /** What the guest does when it is asked to reboot: `reset` ends its machine's present boot. */
  readonly asked: (guest: { reset(): void; boot(id: string): void }) => Partial<CommandResult> | Promise<never>;
  readonly program?: Partial<CommandResult>;
  readonly becomeReady?: (round: number) => Promise<void>;
  readonly serialLog?: string;
}

/** A guest that is no process: nothing here may ever run a program called reboot. */
function fakeGuest({ asked, program, becomeReady, serialLog }: FakeGuest) {
  const happened: string[] = [];
  let boot = 'first';
  let round = 0;
  let resets: (() => void)[] = [];
  let fails: ((error: unknown) => void)[] = [];
  const machine = {
    reset() {
      for (const settle of resets) settle();
      resets = [];
    },
    boot(id: string) {
      boot = id;
    },
  };
  const session = {
    async exec(command: string, { user, signal }: { user?: string; signal: AbortSignal }) {
      signal.throwIfAborted();
      const done = { stdout: '', stderr: '', exitCode: 0, signal: null };
      if (!command.includes('exec ')) {
        if (!command.includes('systemctl')) return { ...done, stdout: `${boot}\n` };
        return { ...done, stdout: `${boot}\nsystemctl reboot\n`, ...program };
      }
      happened.push(`${user}: ${command.split('\n').at(-1)}`);
      return { ...done, ...(await asked(machine)) };
    },
    reset: () => happened.push('session reset'),
  } as unknown as GuestSession;
  const guest: StepGuest = {
    machine: 'web',
    session,
    serialLog,
    follow: async () => ({
      reset: (signal) =>
        new Promise((resolve, reject) => {
          resets.push(resolve);
          fails.push(reject);
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
      forgetReadiness: async () => void happened.push('readiness forgotten'),
      becomeReady: async (serialOffset) => {
        happened.push(`becomes ready from byte ${serialOffset}`);
        await becomeReady?.(round++);
        if (becomeReady === undefined) boot = 'second';
      },
      [Symbol.asyncDispose]: async () => void happened.push('let go'),
    }),
  };
  const endQemu = () => {
    for (const fail of fails) fail(new GoqemuError({ code: 'qmp-closed', source: 'environment', message: 'closed' }));
    fails = [];
  };
  return { guest, happened, machine, endQemu };
}

const lostConnection = () =>
  Promise.reject(new GoqemuError({ code: 'connection-lost', source: 'environment', message: 'lost' }));

test('a guest is asked to reboot, its readiness is forgotten first, and the step ends when the next boot is ready', async () => {
  const { guest, happened } = fakeGuest({
    asked: ({ reset }) => {
      reset();
      return {};
    },
  });
  const { stdout } = await runStep(guest, step, {});
  assert.equal(stdout, '');
  assert.deepEqual(happened, [
    'readiness forgotten',
    'root: exec systemctl reboot',
    'session reset',
    'becomes ready from byte 0',
    'let go',
  ]);
});

test('a connection that breaks while the guest is asked is no error', async () => {
  const { guest } = fakeGuest({
    asked: ({ reset }) => {
      setTimeout(reset, 20);
      return lostConnection();
    },
  });
  await runStep(guest, step, {});
});

test('a request that is killed as the guest goes down is no error', async () => {
  const { guest } = fakeGuest({
    asked: ({ reset }) => {
      setTimeout(reset, 20);
      return { exitCode: 143 };
    },
  });
  await runStep(guest, step, {});
});

test('a reset that is not followed by another boot of the kernel is not the end of the wait', async () => {
  let machine: { reset(): void; boot(id: string): void } | undefined;
  const { guest, happened } = fakeGuest({
    asked: (asked) => {
      machine = asked;
      asked.reset();
      return {};
    },
    becomeReady: async (round) => machine?.boot(round === 0 ? 'first' : 'second'),
  });
  await runStep(guest, step, {});
  assert.equal(happened.filter((one) => one.startsWith('becomes ready')).length, 2);
});

test('a guest that boots another kernel without a reset, as kexec does, has rebooted', async () => {
  const { guest, happened } = fakeGuest({
    asked: ({ boot }) => {
      boot('second');
      return {};
    },
    becomeReady: async () => undefined,
  });
  await runStep(guest, step, {});
  assert.ok(happened.includes('becomes ready from byte 0'));
});

test('a guest without a program to reboot is reported as such, and keeps its readiness', async () => {
  const output = { exitCode: 127, stderr: 'the guest has neither systemd nor a program "reboot"\n' };
  const { guest, happened } = fakeGuest({ asked: () => ({}), program: output });
  await assert.rejects(runStep(guest, step, {}), {
    code: 'step-failed',
    message: 'step "again" of web could not reboot the guest',
    detail: /neither systemd nor a program "reboot"/,
    hint: /must have systemd/,
  });
  assert.deepEqual(happened, []);
});

test('a refused request fails the step with what the guest said', async () => {
  const { guest } = fakeGuest({ asked: () => ({ exitCode: 1, stderr: 'Operation inhibited by "backup"\n' }) });
  await assert.rejects(runStep(guest, step, {}), { code: 'step-failed', detail: /inhibited by "backup"/ });
});

test('a QEMU that ends when its guest reboots is distinguished from a guest that does not come back', async () => {
  const fake = fakeGuest({
    asked: () => {
      setTimeout(() => fake.endQemu(), 20);
      return lostConnection();
    },
  });
  await assert.rejects(runStep(fake.guest, step, {}), { code: 'machine-exited', detail: /-no-reboot/ });
});

test('a reboot that takes too long says how far it came, with the end of the serial console', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-reboot-'));
  t.after(() => rm(folder, { recursive: true }));
  const serialLog = join(folder, 'serial.log');
  await writeFile(serialLog, 'systemd[1]: A stop job is running for database\r\n');
  const short = { ...step, timeoutMs: 300 };
  const stays = fakeGuest({ asked: () => ({}), serialLog });
  await assert.rejects(runStep(stays.guest, short, {}), {
    code: 'reboot-timed-out',
    message: 'web did not reboot within 300 ms, in step "again": the guest has not gone down',
    detail: /A stop job is running for database/,
    hint: /goqemu logs web.*\{ timeout \}/,
  });
  const hangs = fakeGuest({
    asked: ({ reset }) => {
      reset();
      return {};
    },
    becomeReady: () => new Promise(() => undefined),
    serialLog,
  });
  await assert.rejects(runStep(hangs.guest, short, {}), {
    code: 'reboot-timed-out',
    message: /: the guest went down, and is not ready again$/,
  });
});

test('an interrupted reboot ends with the reason of the interrupt', async () => {
  const interrupt = new AbortController();
  const { guest } = fakeGuest({
    asked: () => {
      setTimeout(() => interrupt.abort(new Error('Ctrl-C')), 20);
      return {};
    },
  });
  await assert.rejects(runStep(guest, step, { signal: interrupt.signal }), { message: 'Ctrl-C' });
});
