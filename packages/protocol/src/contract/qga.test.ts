import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { FakeGuestAgent, findNewerQemu, type ProgramCall, type ProgramEnd } from '@goqemu/testing';
import { GuestAgentClient } from '../qga/index.ts';
import { type AgentUnderTest, qgaContract } from './qga-contract.ts';
import { type ServerProcess, startGuestAgent } from './server-process.ts';

qgaContract({ name: 'the fake', start: startFake });
qgaContract({ name: 'qemu-ga', start: async () => real(await startGuestAgent()) });

const newer = await findNewerQemu();
if (newer.found) {
  const program = join(newer.root, 'usr/sbin/qemu-ga');
  qgaContract({ name: `qemu-ga ${newer.version}`, start: async () => real(await startGuestAgent(program)) });
} else {
  test('a newer qemu-ga takes part in the contract when it is there', (context) => context.diagnostic(newer.reason));
}

test('qemu-ga: a program streams its output while it runs, and leaves nothing behind', async () => {
  await using server = await startGuestAgent();
  await using agent = await GuestAgentClient.connect({ path: server.path });
  const gate = join(server.folder, 'gate');
  let out = '';
  let err = '';
  const running = agent.execStreaming({
    path: 'sh',
    args: ['-c', 'echo first; echo oops >&2; while ! [ -e "$gate" ]; do sleep 0.02; done; echo second; exit 4'],
    env: { gate },
    intervalMs: 10,
    onStdout: (bytes) => {
      out += bytes;
      // The program continues only when its first line has arrived here.
      if (out === 'first\n') void agent.writeFile(gate, '');
    },
    onStderr: (bytes) => {
      err += bytes;
    },
  });
  assert.equal((await running).exitCode, 4);
  assert.deepEqual([out, err], ['first\nsecond\n', 'oops\n']);
});

test('qemu-ga: output beyond 16 MiB is marked as truncated', async () => {
  await using server = await startGuestAgent();
  await using agent = await GuestAgentClient.connect({ path: server.path });
  const end = await agent.exec({ path: 'head', args: ['-c', String(17 * 2 ** 20), '/dev/zero'] });
  assert.equal(end.truncated, true);
  assert.equal(end.stdoutBytes.length, 16 * 2 ** 20);
});

test('qemu-ga: a program that outlasts its time is named with its pid', async () => {
  await using server = await startGuestAgent();
  await using agent = await GuestAgentClient.connect({ path: server.path });
  const error = await agent.exec({ path: 'sleep', args: ['2'], timeoutMs: 100 }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(hasErrorCode(error, 'qga-exec-timeout'));
  assert.equal(typeof error.data.pid, 'number');
});

async function startFake(): Promise<AgentUnderTest> {
  const agent = await FakeGuestAgent.listen({
    programs: { cat: ({ input }) => ({ stdout: input }), sh },
    disabled: ['guest-suspend-ram'],
    commands: { 'guest-suspend-ram': () => undefined },
  });
  return { address: agent.address, folder: '/tmp', [Symbol.asyncDispose]: () => agent.close() };
}

/** As much of a shell as the contract needs. */
function sh({ args, input, env }: ProgramCall): ProgramEnd {
  const script = args[1] ?? '';
  if (script.startsWith('kill')) return { signal: 9 };
  const exitCode = Number(/exit (\d+)/.exec(script)?.[1] ?? 0);
  return script.startsWith('cat') ? { exitCode, stdout: input, stderr: env.word ?? '' } : { exitCode };
}

function real(process: ServerProcess): AgentUnderTest {
  return {
    address: { path: process.path },
    folder: process.folder,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
