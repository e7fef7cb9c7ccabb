import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { findFreePort, firstFreePort, portTaken, portUse, portUses } from './port-use.ts';

async function listener(host: string) {
  const server = createServer((socket) => socket.resume()).listen(0, host); // to see when its peer leaves
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

test('a port that was found free can be listened on', async () => {
  assert.equal(await portUse(await findFreePort()), undefined);
});

test('a taken port names the process that holds it', async () => {
  await using taken = await listener('127.0.0.1');
  const use = await portUse(taken.port);
  assert.equal(use?.reason, 'taken');
  assert.equal(use?.holder?.pid, process.pid);
  assert.match(
    portTaken(use ?? assert.fail(), 'forward.http').message,
    new RegExp(`forward.http: port ${taken.port} is taken by process ${process.pid}`),
  );
});

test('a port that is taken on all addresses is taken on loopback', async () => {
  await using taken = await listener('0.0.0.0');
  assert.equal((await portUse(taken.port))?.reason, 'taken');
});

test('the first free port passes over those that are taken or spoken for', async () => {
  await using taken = await listener('127.0.0.1');
  const [spokenFor, free] = [await findFreePort(), await findFreePort()];
  assert.equal(await firstFreePort([taken.port, spokenFor, free], new Set([spokenFor])), free);
});

test('when no port is free the error says how many were tried', async () => {
  await using taken = await listener('127.0.0.1');
  await assert.rejects(firstFreePort([taken.port]), { code: 'no-free-port', detail: 'tried 1' });
});

test('asking whether a port is free does not stop others from taking it', {
  skip: process.platform !== 'linux',
}, async () => {
  const port = await findFreePort();
  // Asks all the time, while others listen on the port in turn.
  let asking = true;
  const asked = (async () => {
    while (asking) await portUse(port);
  })();
  for (let turn = 0; turn < 200; turn++) {
    const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  }
  asking = false;
  await asked;
});

test('a port that an outgoing connection goes out from, or a listener on IPv6, is looked at closely', async () => {
  await using taken = await listener('127.0.0.1');
  const client = connect(taken.port, '127.0.0.1');
  using _end = { [Symbol.dispose]: () => client.destroy() }; // else the listener waits for it
  await once(client, 'connect');
  assert.equal((await portUse(client.localPort ?? assert.fail()))?.reason, 'taken');
  await using both = await listener('::');
  assert.equal((await portUse(both.port))?.reason, 'taken');
});

test('several ports are looked at together, and those that are taken are reported', async () => {
  await using taken = await listener('127.0.0.1');
  const uses = await portUses([await findFreePort(), taken.port]);
  assert.deepEqual(
    uses.map(({ port, reason }) => [port, reason]),
    [[taken.port, 'taken']],
  );
  assert.deepEqual(await portUses([]), []);
});
