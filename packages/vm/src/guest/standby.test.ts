import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import { protocolVersion } from '@goqemu/guest';
import { openEndpoint } from '@goqemu/machine';
import { GuestAgentClient } from '@goqemu/protocol';
import { FakeGuestAgent, socketPlace } from '@goqemu/testing';
import { Standby, standbyScript } from './standby.ts';

/** Looks at a port that never becomes free. */
const always: boolean[] = Array(1000).fill(true);

/** A machine whose standby port is connected to this test, which plays the process of the guest. */
async function guestWithPort(
  t: TestContext,
  exitCode = 0,
  { taken = [] as boolean[], version = 0, isSilent = false } = {},
) {
  const looks = [...taken];
  let starts = 0;
  const folder = await mkdtemp(join(tmpdir(), 'standby-'));
  const path = socketPlace(folder, 'w');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const ends: Socket[] = [];
  server.on('connection', (end) => {
    ends.push(end);
    if (version === 0) return;
    let answer = Buffer.alloc(0);
    end.on('data', (bytes: Buffer) => {
      if (bytes[0] === 0) {
        answer = Buffer.concat([Buffer.from('\0GOQEMU\n'), Buffer.of(version), bytes.subarray(10, 26)]);
        end.write(answer);
      } else if (isSilent) return;
      // Behind the answer to a greeting that was sent again.
      else if (bytes.toString() === 'sync\n') end.write(Buffer.concat([answer, Buffer.from('synced\n')]));
      else if (bytes[0] === 10) end.write('bye\n');
    });
  });
  const guest = await FakeGuestAgent.listen({
    programs: {
      '/bin/sh': () => {
        starts += 1;
        if (exitCode === 0) ends.at(-1)?.write('ready\n');
        return { exitCode };
      },
    },
  });
  const agent = await GuestAgentClient.connect(guest.address);
  t.after(async () => {
    await agent.close();
    await guest[Symbol.asyncDispose]();
    for (const end of ends) end.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });
  const end = () => ends.at(-1) ?? assert.fail('nothing is at the port');
  return {
    agent,
    machine: {
      isStandbyPortTaken: async () => looks.shift() ?? false,
      openStandbyPort: (signal?: AbortSignal) => openEndpoint({ kind: 'unix', path }, signal, false),
    },
    /** What it receives next; undefined when goqemu has left. */
    received: async () => {
      if (ends.length === 0) await once(server, 'connection'); // a named pipe says it later than its client
      const its = end();
      if (its.closed) return undefined;
      const closed = once(its, 'close').then(() => []); // a named pipe may have no end before it
      const [bytes] = (await Promise.race([once(its, 'data'), once(its, 'end'), closed])) as [Buffer?];
      return bytes?.toString();
    },
    says: (word: string) => end().write(word),
    leaves: () => end().destroy(),
    starts: () => starts,
    /** How many connections there were. */
    connections: () => ends.length,
  };
}

test('a process on standby receives the time and a seed, again until the time arrives soon enough', async (t) => {
  const { machine, received, says } = await guestWithPort(t);
  const standby = await Standby.join(machine, {});
  const set = standby.setClock({});
  const parts = async () => /^(\d{10}\.\d{9}) ([0-9a-f]{64})$/.exec((await received()) ?? '') ?? [];
  const [, first, seed] = await parts();
  assert.ok(Math.abs(Number(first) - Date.now() / 1000) < 60, `it received ${first}`);
  assert.ok(seed, 'it was given no seed');
  await new Promise((resolve) => setTimeout(resolve, 60)); // the guest is slow to resume
  let again = parts();
  says('se');
  says('t\n');
  const [, second, other] = await again;
  assert.ok(Number(second) > Number(first), 'the time was not sent again');
  assert.notEqual(other, seed);
  for (let round = 0; round < 5; round++) {
    again = parts();
    says('set\n');
    if (await Promise.race([set, again.then(() => false)])) break;
  }
  assert.equal(await set, true);
  const left = received();
  await standby.leave();
  assert.equal(await left, undefined);
});

test('one that an earlier version left in the RAM sets the clock once', async (t) => {
  const { machine, received, says } = await guestWithPort(t);
  const standby = await Standby.join(machine, {});
  const set = standby.setClock({});
  await received();
  await new Promise((resolve) => setTimeout(resolve, 60));
  says('done\n');
  assert.equal(await set, false, 'the time was old when it arrived, and is to be set in another way');
  await standby.leave();
});

test('one that fails, or ends without a word, is not taken for one that did it', async (t) => {
  for (const answer of ['failed\n', 'bye\n', undefined]) {
    const { machine, received, says, leaves } = await guestWithPort(t);
    const standby = await Standby.join(machine, {});
    const used = standby.setClock({});
    await received();
    if (answer) says(answer);
    else leaves();
    assert.equal(await used, false, answer);
    await standby.leave();
  }
});

test('one that was started and is not needed is dismissed, and leaves', async (t) => {
  const { machine, agent, received, says } = await guestWithPort(t);
  const standby = await Standby.start(machine, agent, 'arm64', {});
  assert.ok(standby, 'none was started');
  const dismissed = standby.dismiss({});
  assert.equal(await received(), '\n');
  says('bye\n');
  await dismissed;
});

test('the program that runs commands waits in its place, where it is there', async (t) => {
  const { machine, agent, starts } = await guestWithPort(t, 0, { taken: always, version: protocolVersion });
  const standby = await Standby.start(machine, agent, 'amd64', {});
  assert.equal(await standby?.sync(machine, 5_000, {}), true);
  await standby?.dismiss({});
  assert.deepEqual([standby !== undefined, starts()], [true, 0]);
});

test('a program that ends while it writes out the data of the guest is not waited for', async (t) => {
  const { machine, agent } = await guestWithPort(t, 0, { taken: always, version: protocolVersion, isSilent: true });
  const standby = await Standby.start(machine, agent, 'amd64', {});
  assert.equal(await standby?.sync({ isStandbyPortTaken: async () => false }, 60_000, {}), false);
  await standby?.leave();
});

test('a program that an earlier goqemu left in a layer waits as well, and is not asked to write out data', async (t) => {
  const { machine, agent, starts } = await guestWithPort(t, 0, { taken: always, version: protocolVersion - 1 });
  const standby = await Standby.start(machine, agent, 'amd64', {});
  assert.equal(await standby?.sync(machine, 5_000, {}), false);
  await standby?.leave();
  assert.equal(starts(), 0);
});

test('one that is at the port and leaves is waited for, and another one is started', async (t) => {
  const { machine, agent, starts, connections } = await guestWithPort(t, 0, { taken: [true, true, false] });
  const standby = await Standby.start(machine, agent, 'amd64', {});
  assert.deepEqual([standby !== undefined, starts(), connections()], [true, 1, 2]);
  await standby?.leave();
});

test('a guest that has no program for it, and a machine that has no port, do without', async (t) => {
  const { machine, agent, received } = await guestWithPort(t, 6);
  const started = Standby.start(machine, agent, 'amd64', {});
  assert.equal(await started, undefined);
  assert.equal(await received(), undefined);
  const absent = new GoqemuError({ code: 'standby-port-absent', source: 'user', message: 'no port' });
  const older = { isStandbyPortTaken: async () => false, openStandbyPort: () => Promise.reject(absent) };
  assert.equal(await Standby.start(older, agent, 'amd64', {}), undefined);
});

test('every shell of a guest can read the script', () => {
  for (const shell of ['/bin/sh', '/bin/bash'])
    assert.equal(spawnSync(shell, ['-n'], { input: standbyScript('amd64') }).status, 0);
});
