import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { findFreePort, firstFreePort, portTaken, portUse } from './port-use.ts';

async function listener(host: string) {
  const server = createServer().listen(0, host);
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
