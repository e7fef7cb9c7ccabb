import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode, sleep, withDeadline } from '@goqemu/core';
import { FakeQmpServer } from '@goqemu/testing';
import { type ConnectionState, ReconnectingQmpClient, type ReconnectOptions } from './reconnecting-qmp-client.ts';

const quick: ReconnectOptions = { firstDelayMs: 2, longestDelayMs: 10 };

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-reconnect-'));
  try {
    await body(join(folder, 's'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a command waits for the server, and listeners outlive the connection', async () => {
  await withPath(async (path) => {
    let losses = 0;
    const onState = ({ state }: ConnectionState) => {
      if (state === 'lost') losses += 1;
    };
    await using qmp = new ReconnectingQmpClient({ path }, { ...quick, onState });
    const seen: string[] = [];
    qmp.on('STOP', ({ event }) => seen.push(event));
    const early = qmp.execute('query-status');
    for (let life = 0; life < 2; life += 1) {
      const server = await FakeQmpServer.listen({ listen: { path } });
      if (life === 0) await early;
      await qmp.execute('stop');
      const before = losses;
      await server.close();
      while (losses === before) await sleep(2);
    }
    assert.deepEqual(seen, ['STOP', 'STOP']);
  });
});

test('a command that is under way when the connection is lost fails, and is not sent again', async () => {
  await withPath(async (path) => {
    await using server = await FakeQmpServer.listen({ listen: { path }, faults: { mute: new Set(['stop']) } });
    await using qmp = new ReconnectingQmpClient({ path }, quick);
    await qmp.execute('query-status');
    const stop = qmp.execute('stop');
    while (!server.received.some(({ execute }) => execute === 'stop')) await sleep(2);
    server.hangUp();
    await assert.rejects(stop, (error) => hasErrorCode(error, 'qmp-closed'));
    await qmp.execute('query-status');
    assert.equal(server.received.filter(({ execute }) => execute === 'stop').length, 1);
  });
});

test('attempts grow further apart up to their limit', async () => {
  await withPath(async (path) => {
    const delays: number[] = [];
    const onState = (state: ConnectionState) => {
      if (state.state === 'lost') delays.push(state.nextAttemptMs);
    };
    await using qmp = new ReconnectingQmpClient({ path }, { ...quick, onState, giveUpAfterMs: 100 });
    await withDeadline('giving up', 5_000, undefined, () => qmp.closed);
    assert.deepEqual(delays.slice(0, 5), [2, 4, 8, 10, 10]);
    await assert.rejects(qmp.execute('query-status'), (error) => hasErrorCode(error, 'connect-failed'));
  });
});

test('closing ends the wait for a connection', async () => {
  await withPath(async (path) => {
    const qmp = new ReconnectingQmpClient({ path }, quick);
    const waiting = qmp.execute('query-status');
    await Promise.all([qmp.close(), assert.rejects(waiting, (error) => hasErrorCode(error, 'qmp-closed'))]);
  });
});
