import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeQmpServer, socketPlace } from '@goqemu/testing';
import { QmpClient } from './qmp-client.ts';

test('a reply of 16 MiB arrives whole', async () => {
  const text = 'x'.repeat(16 * 2 ** 20);
  await using server = await FakeQmpServer.listen({ commands: { 'x-large': () => text } });
  await using qmp = await QmpClient.connect(server.address);
  assert.equal(((await qmp.executeUntyped('x-large')) as string).length, text.length);
});

test('10,000 commands at once are each answered with their own', async () => {
  await using server = await FakeQmpServer.listen({ commands: { 'x-echo': (args) => args } });
  await using qmp = await QmpClient.connect(server.address);
  const replies = await Promise.all(Array.from({ length: 10_000 }, (_, n) => qmp.executeUntyped('x-echo', { n })));
  assert.ok(replies.every((reply, n) => (reply as { n: number }).n === n));
});

test('100,000 events wait outside while their reader is slow, and none is lost', async () => {
  const count = 100_000;
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-flood-'));
  // A Unix socket, because the buffers of TCP take several MB.
  await using server = await FakeQmpServer.listen({ listen: { path: socketPlace(folder, 's') } });
  await using qmp = await QmpClient.connect(server.address);
  const events = qmp.events();
  for (let n = 0; n < count; n += 1) server.emit('RESET', { guest: true, reason: `${n}` });
  // Nothing reads yet. What is not read from the socket is the server's to keep: some 10 MB were sent.
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(server.unsentBytes > 8_000_000, `the server still holds ${server.unsentBytes} bytes`);
  for (let n = 0; n < count; n += 1) {
    const { value } = await events.next();
    assert.equal(value.data.reason, `${n}`);
    if (n % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await qmp.execute('query-status')).running, true);
  await rm(folder, { recursive: true });
});
