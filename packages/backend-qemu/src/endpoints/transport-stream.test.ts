import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { connectTcp } from '@goqemu/protocol';
import { transportStream } from './transport-stream.ts';

async function connected() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const transport = await connectTcp('127.0.0.1', (server.address() as AddressInfo).port);
  const [peer] = await accepted;
  return { stream: transportStream(transport), transport, peer, server };
}

test('what either side writes reaches the other, and the end of the peer is the end of the stream', async () => {
  const { stream, peer, server } = await connected();
  stream.write('hello');
  assert.equal(String((await once(peer, 'data'))[0]), 'hello');
  peer.write('welcome');
  assert.equal(String((await once(stream, 'data'))[0]), 'welcome');
  peer.end();
  await once(stream, 'close');
  server.close();
});

test('destroying the stream closes the connection', async () => {
  const { stream, transport, peer, server } = await connected();
  peer.resume();
  stream.destroy();
  await Promise.all([once(stream, 'close'), once(peer, 'end')]);
  assert.deepEqual(await transport.closed, {});
  peer.end();
  server.close();
});
