import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { mock, type TestContext, test } from 'node:test';
import { openTransport, type Transport } from '@goqemu/protocol';
import { socketPlace } from '@goqemu/testing';
import { temporaryFolder } from '../fixture/test-machine.ts';
import { KeptLine, type LentLine } from './kept-line.ts';

/** A peer that takes connections, as a chardev does, and what became of each. */
async function peer(t: TestContext) {
  const path = socketPlace(await temporaryFolder(t), 's');
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.resume().on('error', () => undefined));
  }).listen(path);
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const made: Transport[] = [];
  const connect = async () => {
    const accepted = once(server, 'connection'); // a named pipe is connected before its server knows
    const transport = await openTransport({ path });
    await accepted;
    made.push(transport);
    return transport;
  };
  return { made, connect, sockets };
}

const good = (line: LentLine) => {
  line.keepWhen = () => true;
  return line;
};

test('the next user gets the line of the one before', async (t) => {
  const { made, connect, sockets } = await peer(t);
  const line = new KeptLine();
  await good(await line.lend(connect)).close();
  const second = await line.lend(connect);
  const received = new Promise((resolve) => second.onBytes((bytes) => resolve(bytes.toString())));
  sockets[0]?.write('hello');
  assert.equal(await received, 'hello');
  assert.equal(made.length, 1);
  await second.close();
  await line.close();
});

test('a line in doubt is not kept', async (t) => {
  const { made, connect } = await peer(t);
  const line = new KeptLine();
  await (await line.lend(connect)).close();
  assert.deepEqual(await made[0]?.closed, {});
  const second = await line.lend(connect);
  second.keepWhen = () => false;
  await second.close();
  await (await line.lend(connect)).close();
  assert.equal(made.length, 3);
});

test('an unused line ends after a moment', async (t) => {
  const { made, connect } = await peer(t);
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const line = new KeptLine();
  await line.open(connect);
  mock.timers.tick(5_000);
  assert.deepEqual(await made[0]?.closed, {});
  await (await line.lend(connect)).close();
  assert.equal(made.length, 2);
});

test('who waits here for a turn does not wait for a line that is kept', async (t) => {
  const { made, connect } = await peer(t);
  const line = new KeptLine();
  const first = good(await line.lend(connect));
  const second = line.lend(async () => {
    await made[0]?.closed; // the turn comes with the end of the connection
    return connect();
  });
  await first.close();
  await (await second).close();
  assert.equal(made.length, 2);
});

test('a line that its peer ended is not lent', async (t) => {
  const { made, connect } = await peer(t);
  const line = new KeptLine();
  await good(await line.lend(connect)).close();
  await made[0]?.close();
  await (await line.lend(connect)).close();
  assert.equal(made.length, 2);
});

test('closing ends the line that is kept, and the one in use when its user is done', async (t) => {
  const { made, connect } = await peer(t);
  const line = new KeptLine();
  await line.open(connect);
  await line.close();
  assert.deepEqual(await made[0]?.closed, {});
  const used = good(await line.lend(connect));
  await used.close();
  assert.deepEqual(await made[1]?.closed, {});
  assert.deepEqual(await used.closed, {});
});
