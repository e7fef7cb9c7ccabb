import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { sleep } from '@goqemu/core';
import { GuestAgentClient } from '@goqemu/protocol';
import { FakeGuestAgent, type ProgramCall } from '@goqemu/testing';
import { dismissStandby, standbyScript, startStandby, useStandby } from './standby.ts';

/** A guest whose shell makes the FIFO, takes it after a moment, and then waits until it is told how the process ends. */
async function guestWithShell() {
  let end: (exitCode: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  let fifo = '';
  const guest = await FakeGuestAgent.listen({
    programs: {
      '/bin/sh': async ({ args }: ProgramCall) => {
        fifo = /mkfifo -m 600 (\S+)/.exec(args[1] ?? '')?.[1] ?? '';
        guest.files.contents.set(fifo, Buffer.of());
        await sleep(50);
        guest.files.contents.delete(fifo);
        return { exitCode: await ended };
      },
    },
  });
  return { guest, end, line: () => guest.files.contents.get(fifo)?.toString() };
}

test('a process on standby is told the time and a seed, once', async () => {
  const { guest, end, line } = await guestWithShell();
  await using _ = guest;
  await using agent = await GuestAgentClient.connect(guest.address);
  const standby = await startStandby(agent, 'amd64', {});
  assert.ok(standby, 'none was started');
  const used = useStandby(agent, standby, {});
  while (!line()) await new Promise(setImmediate);
  end(0);
  assert.equal(await used, true);
  const [, seconds, seed] = /^(\d{10}\.\d{9}) ([0-9a-f]{64})\n$/.exec(line() ?? '') ?? [];
  assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 60, `it was told ${seconds}`);
  assert.ok(seed, 'it was given no seed');
  assert.equal(await useStandby(agent, standby, {}), false);
});

test('one that fails is not taken for one that did it', async () => {
  const { guest, end } = await guestWithShell();
  await using _ = guest;
  await using agent = await GuestAgentClient.connect(guest.address);
  const standby = await startStandby(agent, 'amd64', {});
  assert.ok(standby, 'none was started');
  end(3);
  assert.equal(await useStandby(agent, standby, {}), false);
});

test('one that is not needed is dismissed without a word', async () => {
  const { guest, end, line } = await guestWithShell();
  await using _ = guest;
  await using agent = await GuestAgentClient.connect(guest.address);
  const standby = await startStandby(agent, 'arm64', {});
  assert.ok(standby, 'none was started');
  end(0);
  await dismissStandby(agent, standby, {});
  assert.equal(line(), undefined);
});

test('a guest that has no program for it does without', async () => {
  await using guest = await FakeGuestAgent.listen({ programs: { '/bin/sh': () => ({ exitCode: 6 }) } });
  await using agent = await GuestAgentClient.connect(guest.address);
  assert.equal(await startStandby(agent, 'amd64', {}), undefined);
});

test('every shell of a guest can read the script', () => {
  for (const shell of ['/bin/sh', '/bin/bash'])
    assert.equal(spawnSync(shell, ['-n'], { input: standbyScript('amd64', '/run/goqemu-0') }).status, 0);
});
