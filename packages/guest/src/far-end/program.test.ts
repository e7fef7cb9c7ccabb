import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { sleep } from '@goqemu/core';
import { channelSession, portOf, startFarEnd } from './far-end.fixture.ts';
import { encodeFrame } from './frames.ts';
import { greet } from './greet.ts';
import { Greeting, protocolVersion } from './greeting.ts';
import { farEndLauncher } from './launch-far-end.ts';
import { PortLine } from './port-line.ts';

const rounds = process.env.GOQEMU_SOAK ? 5_000 : 200;

async function gone(pid: number): Promise<void> {
  for (let tries = 0; existsSync(`/proc/${pid}/cmdline`) && tries < 200; tries++) await sleep(50);
  assert.ok(!existsSync(`/proc/${pid}`), `process ${pid} still runs`);
}

test('whatever arrives, the program answers the next greeting', async () => {
  const port = await startFarEnd();
  const line = new PortLine(portOf(port));
  for (let round = 0; round < rounds; round++) {
    const frames = Array.from({ length: round % 4 }, () =>
      encodeFrame(randomBytes(4), { stream: round, type: 1 + (round % 7), payload: randomBytes(round % 90) }),
    );
    line.write(Buffer.concat([randomBytes(round % 70), ...frames, Buffer.from('\0goqemu').subarray(0, round % 8)]));
  }
  const greeting = await greet(line, 'frames', 20_000, undefined);
  assert.equal(greeting?.version, protocolVersion);
  const wrong = Array.from({ length: rounds }, (_, i) =>
    encodeFrame(greeting?.tag ?? assert.fail(), { stream: i % 5, type: 1 + (i % 250), payload: randomBytes(i % 200) }),
  );
  line.write(Buffer.concat(wrong));
  line.write(randomBytes(50));
  assert.equal((await greet(line, 'frames', 20_000, undefined))?.version, protocolVersion);
  await line.close();
});

test('a host that is gone leaves nothing running: not the command, nor what it started', async () => {
  const port = await startFarEnd();
  const session = await channelSession(async () => port);
  let pids: number[] = [];
  const running = session.exec('trap "" TERM; setsid sleep 60 & sleep 60 & echo $$ $!; wait', {
    onStdout: (chunk) => {
      pids = chunk.toString().trim().split(' ').map(Number);
      port.destroy(); // as the end of the process by SIGKILL does
    },
  });
  await assert.rejects(running, { code: 'connection-lost', message: /the channel into the guest broke while/ });
  assert.equal(pids.length, 2);
  for (const pid of pids) await gone(pid);
  await session.close();
});

test('a new session ends what the former one left running, as after a restore', async () => {
  const port = await startFarEnd();
  const session = await channelSession(async () => port);
  let begun: (pid: number) => void = () => undefined;
  const started = new Promise<number>((resolve) => {
    begun = resolve;
  });
  const running = session.exec('echo $$; exec sleep 60', { onStdout: (chunk) => begun(Number(chunk.toString())) });
  running.catch(() => undefined);
  const pid = await started;
  const line = new PortLine(portOf(port));
  assert.ok(await greet(line, 'frames', 20_000, undefined));
  await gone(pid);
  await line.close();
  await assert.rejects(running);
  await session.close();
});

test('a program that is ended says so, and the command fails at once', async () => {
  const session = await channelSession();
  // A while later: a write to the socket that is here in the port's place would fail, and cost the last words.
  const running = session.exec('sleep 0.3; kill -TERM $PPID; exec sleep 60');
  await assert.rejects(running, { code: 'connection-lost', detail: 'the program in the guest was ended' });
  await session.close();
});

test('a program that is killed fails the command in flight, and the next command starts another', async () => {
  const session = await channelSession();
  await assert.rejects(session.exec('kill -KILL $PPID; exec sleep 1'), { code: 'connection-lost' });
  assert.equal((await session.exec('echo next')).stdout, 'next\n');
  await session.close();
});

test('the program leaves on request, for a newer one', async () => {
  const line = new PortLine(portOf(await startFarEnd()));
  assert.ok(await greet(line, 'quit', 20_000, undefined));
  await line.closed;
});

test('on standby it answers as a process of the cut would, and takes commands again when it is dismissed', async () => {
  const port = await startFarEnd();
  const line = new PortLine(portOf(port));
  assert.ok(await greet(line, 'standby', 20_000, undefined));
  const answerTo = (word: string) => {
    const answer = new Promise<string>((resolve) => line.receive((bytes) => resolve(bytes.toString())));
    line.write(Buffer.from(word));
    return answer;
  };
  assert.equal(await answerTo('sync\n'), 'synced\n');
  assert.equal(await answerTo('\n'), 'bye\n');
  assert.ok(await greet(line, 'standby', 20_000, undefined));
  assert.ok(await greet(line, 'frames', 20_000, undefined), 'a greeting ends the standby');
  await line.close();
});

test('what follows a greeting that was sent again is answered, on standby too', async () => {
  const port = await startFarEnd();
  const line = new PortLine(portOf(port));
  const greeting = new Greeting('standby');
  let said = '';
  const synced = new Promise<void>((resolve) => {
    line.receive((bytes) => {
      said += bytes.toString('latin1');
      if (said.endsWith('synced\n')) resolve();
    });
  });
  line.write(Buffer.concat([greeting.bytes, greeting.bytes, Buffer.from('sync\n')]));
  await synced;
  await line.close();
});

test('every shell of a guest can read the launcher', () => {
  for (const shell of ['/bin/sh', '/bin/bash'])
    assert.equal(spawnSync(shell, ['-n'], { input: farEndLauncher('amd64', 'org.goqemu.standby.0').script }).status, 0);
});
