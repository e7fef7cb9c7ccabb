import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { connectTlsPsk } from './tls-psk.ts';

const key = Buffer.alloc(32, 7);

/** A server that has this key, and the records that reach it. */
async function listening(t: TestContext) {
  const server = createServer({
    ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
    maxVersion: 'TLSv1.2',
    pskCallback: () => key,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const records: string[] = [];
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => records.push(bytes.toString()));
    t.after(() => socket.destroy());
  });
  const got = async (bytes: number) => {
    while (records.join('').length < bytes) await new Promise((resolve) => setTimeout(resolve, 5));
    return records.splice(0);
  };
  return { port: (server.address() as AddressInfo).port, server, got };
}

test('bytes travel one by one, and as a whole once the peer is known to take them so', async (t) => {
  const { port, got } = await listening(t);
  const transport = await connectTlsPsk('127.0.0.1', port, { identity: 'qemu', key });
  t.after(() => transport.close());
  transport.write('{"a"}');
  assert.deepEqual(await got(5), ['{', '"', 'a', '"', '}']);
  transport.sendWhole?.();
  transport.write('{"execute"}');
  transport.write('{"b"}');
  assert.deepEqual((await got(16)).join('|').replace('}|{', '}{'), '{"execute"}{"b"}');
});

test('who has another key, or none, gets no byte', async (t) => {
  const { port, server } = await listening(t);
  const secure: unknown[] = [];
  server.on('secureConnection', (socket) => secure.push(socket));
  server.on('tlsClientError', () => undefined);
  const other = connectTlsPsk('127.0.0.1', port, { identity: 'qemu', key: Buffer.alloc(32, 8) });
  await assert.rejects(other);
  assert.deepEqual(secure, []);
});
