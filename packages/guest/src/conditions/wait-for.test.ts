import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fakeGuest, realGuest } from '../session/session.fixture.ts';
import { selfSigned } from './self-signed.fixture.ts';
import { waitFor } from './wait-for.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-wait-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('a port is there when something listens on it, and the reason while not is kept', async () => {
  await using guest = await fakeGuest();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await waitFor(guest.session, { port });
  server.close();
  await once(server, 'close');
  const reasons: string[] = [];
  const options = { timeoutMs: 1500, onReason: (reason: string) => reasons.push(reason) };
  await assert.rejects(waitFor(guest.session, { port }, options), {
    code: 'timeout',
    message: `waiting for port ${port} did not finish within 1.5 s`,
    detail: 'last seen: nothing listens on it',
  });
  assert.deepEqual(reasons, ['nothing listens on it']);
});

test('a file is waited for until it is there with its text, whatever its name', async () => {
  await using guest = await fakeGuest();
  const file = join(folder, "it's $(id) «Ё»");
  const reasons: string[] = [];
  const waiting = waitFor(
    guest.session,
    { file, contains: "-x 'y'" },
    {
      onReason: (reason) => {
        reasons.push(reason);
        writeFileSync(file, reasons.length === 1 ? 'not yet' : "a -x 'y' b");
      },
    },
  );
  await waiting;
  assert.deepEqual(reasons, ['there is no such file', 'the text is not in it']);
});

test('a unit is waited for until systemd calls it active', async () => {
  const state = join(folder, 'state');
  await writeFile(state, 'activating');
  await writeFile(
    join(folder, 'systemctl'),
    `#!/bin/sh\n[ "$1 $2 $3" = 'is-active -- nginx.service' ] || exit 9\nread -r s < ${state}; echo $s; [ $s = active ]\n`,
  );
  await chmod(join(folder, 'systemctl'), 0o755);
  await using guest = await fakeGuest({ environment: { PATH: `${folder}:${process.env.PATH}` } });
  const reasons: string[] = [];
  await waitFor(
    guest.session,
    { unit: 'nginx.service' },
    {
      onReason: (reason) => {
        reasons.push(reason);
        writeFileSync(state, 'active\n');
      },
    },
  );
  assert.deepEqual(reasons, ['it is activating']);
});

test('a wait lives through a connection that is cut', async () => {
  await using guest = await fakeGuest({}, { banner: { distancesMs: [100], retryMs: [20, 20] } });
  const file = join(folder, 'after the cut');
  let cuts = 0;
  await waitFor(
    guest.session,
    { file },
    {
      onReason: () => {
        cuts++;
        guest.server.link.cut();
        writeFileSync(file, '');
      },
    },
  );
  assert.equal(cuts, 1);
});

/** A web server that answers for a port of the guest; on this host that port is closed. */
async function webServer(secure: boolean, answer: (request: IncomingMessage) => number) {
  const listener: RequestListener = (request, response) => {
    response.statusCode = answer(request);
    response.end('x');
  };
  const server = secure ? createSecureServer(selfSigned, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.close();
    server.closeAllConnections(); // one that was given up may stand still
  };
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}

test('an HTTP condition wants a good status, and says what it got instead', async () => {
  let status = 503;
  await using web = await webServer(false, () => status);
  await using guest = await fakeGuest({ openPorts: { 80: web.port } });
  const http = 'http://localhost/health';
  const reasons: string[] = [];
  await waitFor(
    guest.session,
    { http },
    {
      onReason: (reason) => {
        reasons.push(reason);
        status = 204;
      },
    },
  );
  assert.deepEqual(reasons, ['it answered with status 503']);
  await waitFor(guest.session, { http, status: [204] });
  await assert.rejects(waitFor(guest.session, { http, status: 200 }, { timeoutMs: 700 }), {
    code: 'timeout',
    detail: 'last seen: it answered with status 204',
  });
});

test('a service that answers on this host, but not in the guest, does not pass for one of the guest', async () => {
  await using web = await webServer(false, () => 200);
  await using guest = await fakeGuest();
  await guest.session.connect(); // which the time of the wait is not for
  await assert.rejects(waitFor(guest.session, { http: `http://localhost:${web.port}/` }, { timeoutMs: 700 }), {
    code: 'timeout',
    detail: /^last seen: nothing answers at 127\.0\.0\.1:\d+ in the guest/,
  });
});

test('a wait whose time is up while the way to a port is being opened ends', async () => {
  await using web = await webServer(false, () => 200);
  await using guest = await fakeGuest({ openPorts: { 80: web.port } });
  await guest.session.connect();
  guest.server.link.latencyMs = 200;
  await assert.rejects(waitFor(guest.session, { http: 'http://localhost/' }, { timeoutMs: 100 }), { code: 'timeout' });
});

test('https is asked in the guest, too, with the headers, by name and by address', async () => {
  const asked: unknown[] = [];
  await using web = await webServer(true, ({ headers }) => {
    asked.push([headers.host, headers['x-token']]);
    return 200;
  });
  await using guest = await fakeGuest({ openPorts: { 443: web.port } });
  for (const http of ['https://localhost/', 'https://127.0.0.1/'])
    await waitFor(guest.session, { http, headers: { 'x-token': 'abc' } });
  assert.deepEqual(asked, [
    ['localhost', 'abc'],
    ['127.0.0.1', 'abc'],
  ]);
});

test('a real sshd forwards to the port, too', async () => {
  await using web = await webServer(false, () => 200);
  await using guest = await realGuest();
  await waitFor(guest.session, { http: `http://127.0.0.1:${web.port}/` });
});

test('conditions that cannot be are refused', async () => {
  await using guest = await fakeGuest();
  for (const port of [0, 65_536, 1.5, Number.NaN])
    await assert.rejects(waitFor(guest.session, { port }), { code: 'option-invalid' });
  await assert.rejects(waitFor(guest.session, { http: 'ftp://x' }), { code: 'option-invalid' });
});
