import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import ssh2 from 'ssh2';
import { type ExecHandler, FakeSshServer, type FakeSshServerOptions } from './fake-ssh-server.ts';

/** Not Ed25519: on Node.js 26 one in some 250 pairs of that kind from ssh2 is one that it cannot read again. */
const newKey = () => ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
const host = newKey();
const access = newKey();

const start = (options: Partial<FakeSshServerOptions> = {}) =>
  FakeSshServer.start({ hostPrivateKey: host.private, authorizedKeys: [access.public], ...options });

/** A client that is logged in; `closed` settles with the reason for which it ended. */
async function logIn(server: FakeSshServer, username = 'debian', key = access.private) {
  const client = new ssh2.Client();
  const failed = new Promise<string>((resolve) => {
    client.on('error', (error) => resolve(error.message));
    client.on('close', () => resolve('closed'));
  });
  client.connect({ host: server.host, port: server.port, username, privateKey: key });
  const ready = new Promise<undefined>((resolve) => client.once('ready', () => resolve(undefined)));
  return { client, closed: failed, refusal: await Promise.race([ready, failed]) };
}

function exec(client: ssh2.Client, command: string): Promise<{ out: string; status: unknown }> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      let out = '';
      let status: unknown;
      channel.on('exit', (code: number | null, signal?: string) => {
        status = code ?? signal;
      });
      channel.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      channel.stderr.resume();
      channel.on('close', () => resolve({ out, status }));
      channel.end('input');
    });
  });
}

test('commands run on this host with input, output and status, and are written down', async () => {
  await using server = await start({ environment: { GREETING: 'hello' } });
  const { client } = await logIn(server);
  assert.deepEqual(await exec(client, 'echo "$GREETING"; cat; exit 3'), { out: 'hello\ninput', status: 3 });
  assert.deepEqual(await exec(client, 'kill -TERM $$'), { out: '', status: 'SIGTERM' });
  assert.deepEqual(server.requests, ['echo "$GREETING"; cat; exit 3', 'kill -TERM $$']);
  client.end();
});

test('a host without the shell answers each command with 127, and says what is missing', async () => {
  await using server = await start({ shell: '/nowhere/sh' });
  const { client } = await logIn(server);
  assert.deepEqual(await exec(client, 'echo hello'), { out: '', status: 127 });
  client.end();
});

/** Runs no program: the command is answered with itself when half a second is over. */
const echo: ExecHandler = (command, channel) => {
  setTimeout(() => {
    channel.write(command);
    channel.exit(0);
    channel.end();
  }, 500);
};

test('only the known key of the known user gets in', async () => {
  await using server = await start();
  const stranger = newKey();
  assert.match((await logIn(server, 'debian', stranger.private)).refusal ?? '', /authentication methods failed/);
  assert.match((await logIn(server, 'root')).refusal ?? '', /authentication methods failed/);
  server.refuseLogins(true);
  assert.match((await logIn(server)).refusal ?? '', /authentication methods failed/);
  assert.equal(server.logins, 0);
});

test('sessions beyond the limit are refused until others have ended', async () => {
  await using server = await start({ maxSessions: 2, onExec: echo });
  const { client } = await logIn(server);
  const running = [exec(client, 'one'), exec(client, 'two')];
  await assert.rejects(exec(client, 'three'), /Channel open failure/);
  await Promise.all(running);
  assert.equal((await exec(client, 'room')).out, 'room');
  assert.equal(server.mostSessions, 2);
  client.end();
});

test('a command that is asked for when a cut is due never runs', async () => {
  const ran: string[] = [];
  await using server = await start({
    onExec(command, channel) {
      ran.push(command);
      channel.exit(0);
      channel.end();
    },
  });
  server.cutOnExec(1);
  const first = await logIn(server);
  await assert.rejects(exec(first.client, 'one'));
  const second = await logIn(server);
  await exec(second.client, 'two');
  assert.deepEqual([server.requests, ran], [['one', 'two'], ['two']]);
  second.client.end();
});

test('a silent link accepts and says nothing, a refusing one is closed, and both can be undone', async () => {
  await using server = await start();
  server.link.silence();
  const mute = connect(server.port, server.host);
  await once(mute, 'connect');
  let read = false;
  mute.on('data', () => {
    read = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(read, false);
  mute.destroy();
  await server.link.refuse();
  assert.match((await logIn(server)).refusal ?? '', /ECONNREFUSED/);
  await server.link.accept();
  const { client, refusal } = await logIn(server);
  assert.equal(refusal, undefined);
  client.end();
});

test('a cut resets what is connected, at once or after so many bytes', async () => {
  await using server = await start();
  const first = await logIn(server);
  server.link.cut();
  assert.match(await first.closed, /ECONNRESET|closed/);
  server.link.cutAfter(10);
  assert.notEqual((await logIn(server)).refusal, undefined);
  assert.equal((await logIn(server)).refusal, undefined);
});

test('a frozen link passes nothing on until it thaws', async () => {
  await using server = await start({ onExec: echo });
  const { client } = await logIn(server);
  server.link.freeze();
  let over = false;
  const running = exec(client, 'thawed').then((result) => {
    over = true;
    return result;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(over, false);
  server.link.thaw();
  assert.equal((await running).out, 'thawed');
  client.end();
});
