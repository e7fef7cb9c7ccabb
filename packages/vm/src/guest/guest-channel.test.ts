import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLogger } from '@goqemu/core';
import { protocolVersion } from '@goqemu/guest';
import { connectStandby, type MachineRecord } from '@goqemu/machine';
import { FakeGuestAgent, type FakeGuestAgentOptions, socketPlace } from '@goqemu/testing';
import type { Vm } from '../vm/vm.ts';
import { openGuestChannel } from './guest-channel.ts';
import { readWay } from './way-record.ts';

const signal = new AbortController().signal;

interface Settings extends FakeGuestAgentOptions {
  /** What starting the program comes to. */
  readonly exitCode?: number;
  /** Version of a program that listens from the beginning. */
  readonly listens?: number;
  /** Milliseconds until that one answers for the first time. */
  readonly isSlowMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A machine whose port ends in this test, which answers greetings as the program in the guest does. */
async function machineWithPort(t: TestContext, settings: Settings = {}) {
  const { exitCode = 0, listens, isSlowMs = 0, env = {}, ...agentOptions } = settings;
  const answersFrom = performance.now() + isSlowMs;
  const folder = await mkdtemp(join(tmpdir(), 'channel-'));
  const runtimeFolder = join(folder, 'run');
  await mkdir(runtimeFolder);
  let version = listens;
  let starts = 0;
  const [port, agentPort] = [socketPlace(folder, 'w'), socketPlace(folder, 'a')];
  const ends = new Set<Socket>();
  const server = createServer((end) => {
    ends.add(end);
    end.on('data', (bytes: Buffer) => {
      if (version === undefined || performance.now() < answersFrom) return;
      const mode = String.fromCharCode(bytes[9] ?? 0);
      end.write(Buffer.concat([Buffer.from('\0GOQEMU\n'), Buffer.of(version), bytes.subarray(10, 26)]));
      if (mode === 'q') version = undefined;
    });
  }).listen(port);
  await once(server, 'listening');
  const agent = await FakeGuestAgent.listen({
    ...agentOptions,
    listen: { path: agentPort },
    programs: {
      '/bin/sh': () => {
        starts += 1;
        if (exitCode === 0) version ??= protocolVersion;
        return { exitCode };
      },
    },
  });
  const record = {
    name: 'web',
    pid: process.pid,
    startTime: 'then',
    bootId: 'boot',
    runtimeFolder,
    sockets: { standby: { kind: 'unix', path: port }, agent: { kind: 'unix', path: agentPort } },
  } as unknown as MachineRecord;
  t.after(async () => {
    for (const end of ends) end.destroy();
    server.close();
    await agent[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const vm = {
    host: { platform: { env }, logger: silentLogger },
    spec: { name: 'web', arch: 'amd64' },
    trace: () => undefined,
    state: async () => ({ machine: record, agent: true }),
  } as unknown as Vm;
  return { vm, record, starts: () => starts };
}

test('a program that listens is greeted, and nothing is started', async (t) => {
  const { vm, record, starts } = await machineWithPort(t, { listens: protocolVersion });
  await (await openGuestChannel(vm, signal)).close();
  assert.deepEqual([starts(), readWay(record)], [0, { way: 'channel' }]);
});

test('one that is not there is started by the agent', async (t) => {
  const { vm, record, starts } = await machineWithPort(t);
  await (await openGuestChannel(vm, signal)).close();
  await (await openGuestChannel(vm, signal)).close();
  assert.deepEqual([starts(), readWay(record)], [1, { way: 'channel' }]);
});

test('one of another version, left in a layer, makes room for one of this', async (t) => {
  const { vm, starts } = await machineWithPort(t, { listens: 7 });
  await (await openGuestChannel(vm, signal)).close();
  assert.equal(starts(), 1);
});

test('one of another version that is slow to answer is not taken for one of this', async (t) => {
  const { vm, starts } = await machineWithPort(t, { listens: 2, isSlowMs: 700 });
  await (await openGuestChannel(vm, signal)).close();
  assert.equal(starts(), 2, 'the first could not have the port');
});

test('a guest that cannot have it is asked once, and the reason is kept', async (t) => {
  const { vm, record, starts } = await machineWithPort(t, { exitCode: 6 });
  for (let turn = 0; turn < 2; turn++)
    await assert.rejects(openGuestChannel(vm, signal), { code: 'far-end-absent', message: /the guest has no Perl/ });
  assert.deepEqual([starts(), readWay(record)], [1, { way: 'ssh', reason: 'the guest has no Perl' }]);
  const other = { ...record, startTime: 'later' };
  assert.equal(readWay(other), undefined, 'the next QEMU is asked again');
});

test('an agent that starts no programs leaves commands to SSH', async (t) => {
  const { vm, record } = await machineWithPort(t, { disabled: ['guest-exec'] });
  await assert.rejects(openGuestChannel(vm, signal), { code: 'far-end-absent' });
  assert.equal(readWay(record)?.way, 'ssh');
});

test('a port that another process has is left to it, soon, and is asked for again the next time', async (t) => {
  const { vm, record } = await machineWithPort(t, { listens: protocolVersion });
  const other = await connectStandby(record, { waitMs: 0 });
  await assert.rejects(openGuestChannel(vm, signal), { code: 'far-end-absent', message: /another process is at it/ });
  await other.close();
  await (await openGuestChannel(vm, signal)).close();
});

test('SSH is used where the environment says so', async (t) => {
  const { vm, starts } = await machineWithPort(t, { env: { GOQEMU_GUEST_WAY: 'ssh' } });
  await assert.rejects(openGuestChannel(vm, signal), { code: 'far-end-absent' });
  assert.equal(starts(), 0);
});
