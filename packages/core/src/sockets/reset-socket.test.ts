import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { resetSocket } from './reset-socket.ts';

async function pair(t: TestContext): Promise<{ readonly client: Socket; readonly served: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.resume();
  const [served] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    client.destroy();
    server.close();
  });
  return { client, served };
}

test('the other side of a connection sees a reset', async (t) => {
  const { client, served } = await pair(t);
  const reset = once(client, 'error');
  resetSocket(served);
  assert.equal(((await reset) as [NodeJS.ErrnoException])[0].code, 'ECONNRESET');
});

test('a socket that sends its own end is closed all the same, without an error', async (t) => {
  const { client, served } = await pair(t);
  client.on('error', () => undefined);
  const errors: Error[] = [];
  served.on('error', (error) => errors.push(error));
  served.resume().end();
  resetSocket(served);
  await sleep(50); // an error would come later than the end of the socket
  assert.deepEqual([served.closed, errors], [true, []]);
});
