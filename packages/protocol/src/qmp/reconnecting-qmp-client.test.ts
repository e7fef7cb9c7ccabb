import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { deferred, hasErrorCode, sleep, withDeadline } from '@goqemu/core';
import { FakeQmpServer, socketPlace } from '@goqemu/testing';
import { type ConnectionState, ReconnectingQmpClient, type ReconnectOptions } from './reconnecting-qmp-client.ts';

const quick: ReconnectOptions = { firstDelayMs: 2, longestDelayMs: 10 };

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-reconnect-'));
  try {
    await body(socketPlace(folder, 's'));
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
    await using qmp = new ReconnectingQmpClient({ path }, { ...quick, onState, giveUpAfterMs: 1_000 });
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

test('a listener that throws keeps no event from the next one, and an onState that throws ends nothing', async () => {
  await withPath(async (path) => {
    await using _server = await FakeQmpServer.listen({ listen: { path } });
    const onState = () => {
      throw new Error('mine');
    };
    await using qmp = new ReconnectingQmpClient({ path }, { ...quick, onState });
    const seen: string[] = [];
    qmp.on('STOP', () => {
      throw new Error('mine');
    });
    qmp.on('STOP', ({ event }) => seen.push(event));
    await qmp.execute('stop');
    assert.deepEqual(seen, ['STOP']);
    assert.equal((await qmp.execute('query-status')).running, false);
  });
});

test('a peer that went silent is given up after a command has timed out, and the next command has a new connection', async () => {
  await using server = await FakeQmpServer.listen();
  await using qmp = new ReconnectingQmpClient(server.address, quick);
  await qmp.execute('query-status');
  const first = qmp.client;
  server.faults.silent = true;
  await assert.rejects(qmp.execute('query-status', undefined, { timeoutMs: 20 }), (error) =>
    hasErrorCode(error, 'timeout'),
  );
  const { error } = (await first?.closed) ?? {};
  assert.equal(error?.code, 'qmp-silent');
  server.faults.silent = false;
  await qmp.execute('query-status');
  assert.notEqual(qmp.client, first);
});

test('a peer that went silent is noticed although nothing is asked of it', async () => {
  await using server = await FakeQmpServer.listen();
  await using qmp = new ReconnectingQmpClient(server.address, { ...quick, livenessMs: 20 });
  await qmp.execute('query-status');
  server.faults.silent = true;
  const { error } = (await qmp.client?.closed) ?? {};
  assert.equal(error?.code, 'qmp-silent');
});

test('a monitor that is busy with a command is not taken for silent', async () => {
  const free = deferred<void>();
  await using server = await FakeQmpServer.listen({ commands: { 'block-stream': () => free.promise } });
  await using qmp = new ReconnectingQmpClient(server.address, { ...quick, livenessMs: 5 });
  await qmp.execute('query-status');
  const { client } = qmp;
  const slow = client?.executeUntyped('block-stream');
  await sleep(50);
  free.resolve();
  await slow;
  assert.equal(qmp.client, client);
});
