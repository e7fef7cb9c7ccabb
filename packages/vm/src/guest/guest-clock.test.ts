import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import { GuestAgentClient } from '@goqemu/protocol';
import { type ClockAgent, correctClock } from './guest-clock.ts';

interface GuestOptions {
  /** Milliseconds that its clock is behind. */
  readonly behind: number;
  /** Milliseconds that a program takes to start, the first time and later. */
  readonly start?: readonly [number, number];
  /** What date(1) answers; it sets the clock when absent. */
  readonly date?: 'absent' | 'no fractions';
  readonly setTime?: 'fails late' | 'fails';
}

/** A guest with a clock, whose programs take time to start. */
function guestWith({ behind, start = [0, 0], date, setTime }: GuestOptions) {
  const guest = { offset: -behind, programs: 0 };
  const set = (time: number) => {
    guest.offset = time - Date.now();
  };
  const failed = new GoqemuError({ code: 'qga-command-failed', source: 'environment', message: 'it failed' });
  const agent = {
    execute: async (command: string, args: { time?: number }) => {
      if (command === 'guest-get-time') return (Date.now() + guest.offset) * 1e6;
      assert.equal(command, 'guest-set-time');
      if (setTime !== 'fails') set((args.time ?? 0) / 1e6);
      if (setTime) throw failed;
      return {};
    },
    exec: async ({ args = [] }: { args?: readonly string[] }) => {
      if (date === 'absent') throw failed;
      const delay = start[guest.programs++ === 0 ? 0 : 1];
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (date === 'no fractions') return { exitCode: 1, stdout: '', stderr: 'date: invalid date' };
      set(Number(args.at(-1)?.slice(1)) * 1000);
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  };
  return { guest, agent: { ...agent, setTime: GuestAgentClient.prototype.setTime } as unknown as ClockAgent };
}

const isRight = (offset: number) => assert.ok(Math.abs(offset) < 100, `the guest is ${-offset} ms behind`);

test('a clock that is behind by a pause is set, and the time that the program takes to start is made up for', async () => {
  const { guest, agent } = guestWith({ behind: 4_300, start: [300, 150] });
  await correctClock(agent);
  isRight(guest.offset);
  assert.ok(guest.programs > 1, 'it was set once alone');
});

test('a clock that is right stays as it is', async () => {
  const { guest, agent } = guestWith({ behind: 0 });
  await correctClock(agent);
  assert.equal(guest.programs, 0);
});

test('where date(1) cannot, the agent sets it, though it fails afterwards without hwclock(8)', async () => {
  for (const date of ['absent', 'no fractions'] as const) {
    const { guest, agent } = guestWith({ behind: 900, date, setTime: 'fails late' });
    await correctClock(agent);
    isRight(guest.offset);
  }
});

test('a guest that is short of processor time has a minute, and is then named as the reason', async () => {
  const { agent } = guestWith({ behind: 900 });
  const limits: unknown[] = [];
  const slow = {
    ...agent,
    exec: async ({ timeoutMs }: { timeoutMs?: number }) => {
      limits.push(timeoutMs);
      throw new GoqemuError({
        code: 'qga-exec-timeout',
        source: 'environment',
        message: 'date still runs in the guest after 60 s, as process 616',
      });
    },
  } as unknown as ClockAgent;
  await assert.rejects(correctClock(slow), {
    code: 'identity-failed',
    detail: 'date still runs in the guest after 60 s, as process 616',
    hint: 'let fewer machines run at a time',
  });
  assert.deepEqual(limits, [60_000]);
});

test('a clock that nothing sets is an error that says so', async () => {
  const { agent } = guestWith({ behind: 900, date: 'absent', setTime: 'fails' });
  await assert.rejects(correctClock(agent), {
    code: 'identity-failed',
    detail: /it failed; it is 9\d\d ms behind/,
  });
});
