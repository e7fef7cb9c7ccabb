import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketPlace } from '@goqemu/testing';
import { temporaryFolder } from '../fixture/test-machine.ts';
import { loadState } from './saved-state.ts';

const bytes = 300_000;
const loads = 400;

test('a state is loaded although QEMU closes its end with the last byte that it needs, before ours is closed', async (t) => {
  const folder = await temporaryFolder(t);
  const [socketPath, state] = [socketPlace(folder, 's'), join(folder, 'state')];
  await writeFile(state, Buffer.alloc(bytes, 1));
  let isLoading = true;
  const server = createServer((socket) => {
    let received = 0;
    socket.on('error', () => undefined);
    socket.on('data', async (chunk) => {
      received += chunk.length;
      if (received < bytes) return;
      isLoading = false;
      await sleep(Math.random() * 1.5);
      socket.destroy();
    });
  }).listen(socketPath);
  t.after(() => server.close());
  await once(server, 'listening');
  const monitor = {
    executeUntyped: async (command: string) => ({
      status: command === 'query-status' && isLoading ? 'inmigrate' : 'paused',
    }),
  };
  for (let turn = 0; turn < loads; turn++) {
    isLoading = true;
    const channel = {
      listen: () => assert.fail('nothing is saved'),
      connect: async () => {
        const way = connect(socketPath);
        await once(way, 'connect');
        return way;
      },
      close: async () => undefined,
    };
    await loadState(monitor as never, state, { form: 'stream', channel, stallMs: 10_000 });
  }
});
