import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { hostSockets } from './host-sockets.ts';

test('a stream of the host connects, and can end in one direction alone', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stream = hostSockets.connect('127.0.0.1', (server.address() as AddressInfo).port);
  await once(stream, 'connect');
  stream.end('all of it');
  let heard = '';
  for await (const bytes of stream) heard += String(bytes);
  assert.equal(heard, 'all of it');
  server.close();
  await once(server, 'close');
});

test('datagrams of the host wait until their socket is there; one to a closed port is an error', async () => {
  const echo = createSocket('udp4').bind(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port } = echo.address();
  echo.on('message', (bytes, { address, port: from }) => echo.send(bytes, from, address));
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const flow = hostSockets.datagrams('127.0.0.1', port, {
      onMessage: (bytes) => {
        flow.close();
        flow.close();
        resolve(bytes);
      },
      onError: reject,
    });
    flow.send(Buffer.from('hello'));
  });
  assert.equal(answer.toString(), 'hello');
  echo.close();
  await once(echo, 'close');
  const code = await new Promise<string | undefined>((resolve) => {
    const flow = hostSockets.datagrams('127.0.0.1', port, {
      onMessage: () => assert.fail(),
      onError: (error) => {
        flow.close();
        resolve(error.code);
      },
    });
    flow.send(Buffer.from('anyone?'));
  });
  assert.equal(code, 'ECONNREFUSED');
});

test('the host resolves names, and knows its own addresses', async () => {
  assert.ok((await hostSockets.lookup('localhost')).includes('127.0.0.1'));
  await assert.rejects(hostSockets.lookup('nothing.invalid'));
  assert.ok(hostSockets.ownAddresses().includes('127.0.0.1'));
});
