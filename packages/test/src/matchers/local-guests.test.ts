import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { expect } from '../expect/expect.ts';
import { ExpectationError } from '../expect/expectation-error.ts';
import { busyboxOnly, dash, localGuest, removeBusybox } from '../fixture/local-guest.fixture.ts';
import { probesOf } from '../probes/probes-of.ts';

const folder = mkdtempSync(join(tmpdir(), "goqemu-matchers it's $(here) "));
const file = join(folder, 'a file\'s name; $(touch nothing) `x` "q"');
const busybox = busyboxOnly();
let server: Server;
let port: number;
let closedPort: number;

before(async () => {
  writeFileSync(file, 'first\nsecond\n');
  chmodSync(file, 0o640);
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
  server = createServer((request, response) => {
    const status = Number(/\d{3}/.exec(request.url ?? '')?.[0] ?? 200);
    response.writeHead(status, {
      'content-type': 'text/plain',
      'x-asked': request.headers['x-ask'] ?? 'not',
      location: '/',
    });
    response.end(`${request.method} answered\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  const closed = createTcpServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  closedPort = (closed.address() as AddressInfo).port;
  await new Promise((resolve) => closed.close(resolve));
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
  removeBusybox(busybox);
});

/** Asks once. */
const once = { timeout: 60_000, interval: 60_000 } as const;
const failed = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ExpectationError, String(error));
  assert.match(error.message, message);
  return true;
};

for (const [name, shell] of [
  ['dash', dash],
  ['busybox alone', busybox],
] as const) {
  describe(`in a guest with ${name}`, () => {
    const web = probesOf(localGuest(shell), { name: 'web', host: '127.0.0.1', timeout: '60 s', interval: 20 });
    /** Both ways: one holds, the other fails with this. */
    const bothWays = async (
      hold: (options?: object) => Promise<void>,
      contrary: (options?: object) => Promise<void>,
      message: RegExp,
    ) => {
      await hold();
      await assert.rejects(contrary(once), failed(message));
    };

    test('a file exists, with its content, mode and owner', async () => {
      const there = expect(web.file(file));
      const { username } = userInfo();
      await bothWays(there.toExist, there.not.toExist, /got: +a regular file, mode 0640/);
      await bothWays(
        (o) => there.toHaveContent('first\nsecond', o),
        (o) => there.toHaveContent('first\nthird', o),
        /^ {2}-third\n {2}\+second$/m,
      );
      await bothWays(
        (o) => there.toHaveContent(/^sec/m, o),
        (o) => there.not.toHaveContent(/^sec/m, o),
        /not a content with \/\^sec\/m/,
      );
      await bothWays(
        (o) => there.toContain('st\nse', o),
        (o) => there.toContain('third', o),
        /the content begins with:\n {2}first\n {2}second/,
      );
      await bothWays(
        (o) => there.toHaveMode('0640', o),
        (o) => there.toHaveMode(0o644, o),
        /got: +mode 0640/,
      );
      await bothWays(
        (o) => there.toHaveOwner(username, o),
        (o) => there.toHaveOwner('nobody:nogroup', o),
        /got: +owner \w+:\w+/,
      );
      await bothWays(
        (o) => there.not.toHaveOwner('nobody', o),
        (o) => there.not.toHaveOwner(username, o),
        /not owner/,
      );
    });

    test('what is not there does not exist, and has neither a content nor the contrary of one', async () => {
      const absent = expect(web.file(join(folder, 'absent')));
      await bothWays(absent.not.toExist, absent.toExist, /there is nothing at this path[\s\S]*a file's name/);
      await assert.rejects(absent.not.toHaveContent('x', once), failed(/there is nothing at this path/));
      await assert.rejects(absent.not.toHaveMode('0644', once), failed(/there is nothing at this path/));
      await assert.rejects(
        expect(web.file(join(folder, 'dangling'))).toExist(once),
        failed(/nowhere, which is not there/),
      );
    });

    test('a port is listened on', async () => {
      await bothWays(
        expect(web.port(port)).toBeListening,
        expect(web.port(port)).not.toBeListening,
        /listening on 127\.0\.0\.1/,
      );
      await bothWays(
        expect(web.port(closedPort)).not.toBeListening,
        expect(web.port(closedPort)).toBeListening,
        /nothing listens on it/,
      );
    });

    test('a port is reachable from a machine that can connect to it, and one whose name is unknown is neither', async () => {
      const db = probesOf(localGuest(shell), { name: 'db' });
      const open = expect(web.port(port));
      await bothWays(
        (o) => open.toBeReachableFrom(db, o),
        (o) => open.not.toBeReachableFrom(db, o),
        /not reachable from db at 127\.0\.0\.1/,
      );
      const closed = expect(web.port(closedPort));
      await bothWays(
        (o) => closed.not.toBeReachableFrom(db, o),
        (o) => closed.toBeReachableFrom(db, o),
        /not reachable: .*refused/,
      );
      const unknown = { ...once, host: 'no-such-host.invalid' };
      for (const either of [open, open.not])
        await assert.rejects(either.toBeReachableFrom(db, unknown), failed(/no answer: its name is unknown/));
    });

    test('a request is answered with a status, headers and a body', async () => {
      const url = `http://127.0.0.1:${port}/`;
      const answer = expect(web.http(url, { headers: { 'x-ask': "it's $(me)" } }));
      await bothWays(
        (o) => answer.toHaveStatus(200, o),
        (o) => answer.not.toHaveStatus([200, 204], o),
        /got: +status 200 OK/,
      );
      await bothWays(
        (o) => answer.toHaveBody('GET answered', o),
        (o) => answer.toHaveBody(/refused/, o),
        /got: +the body "GET answered\\n"/,
      );
      await bothWays(
        (o) => answer.toHaveHeader('X-Asked', "it's $(me)", o),
        (o) => answer.toHaveHeader('x-asked', 'other', o),
        /got: +x-asked: it's \$\(me\)/,
      );
      await expect(web.http(`${url}404`)).toHaveStatus(404);
      await expect(web.http(`http://127.0.0.1:${port}/?a=1&b=2`)).toHaveHeader('content-type', /plain/);
      const silent = expect(web.http(`http://127.0.0.1:${closedPort}/`));
      for (const either of [silent, silent.not])
        await assert.rejects(either.toHaveStatus(200, once), failed(/no answer/));
    });

    test('a process runs, also one with a long name, until it does not', async () => {
      const program = join(folder, 'a-name-of-more-than-fifteen');
      writeFileSync(program, '#!/bin/sh\nsleep 60\n:\n');
      chmodSync(program, 0o755);
      const child = spawn(program, { detached: true, stdio: 'ignore' });
      const running = expect(web.process('a-name-of-more-than-fifteen'));
      await bothWays(running.toBeRunning, running.not.toBeRunning, new RegExp(`running as ${child.pid}`));
      const waits = running.not.toBeRunning();
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await waits;
      await assert.rejects(running.toBeRunning(once), failed(/no such process[\s\S]*what runs:[\s\S]*node/));
    });

    test('a user exists and is in a group', async () => {
      const root = expect(web.user('root'));
      await bothWays(root.toExist, root.not.toExist, /user 0, in the groups .*root/);
      await bothWays(
        (o) => root.toBeInGroup('root', o),
        (o) => root.toBeInGroup('nogroup', o),
        /in the groups .*root/,
      );
      const unknown = expect(web.user('no-such-user'));
      await bothWays(unknown.not.toExist, unknown.toExist, /there is no such user/);
      await assert.rejects(unknown.not.toBeInGroup('root', once), failed(/there is no such user/));
    });

    test('a command succeeds, ends with a code, and prints', async () => {
      const succeeds = expect(web.command('echo hello; echo more >&2'));
      await bothWays(succeeds.toSucceed, succeeds.not.toSucceed, /it printed:\n {2}hello\n {2}more/);
      await bothWays(
        (o) => succeeds.toPrint('hello', o),
        (o) => succeeds.toPrint('bye', o),
        /got: +the output "hello\\n"/,
      );
      const fails = expect(web.command(['sh', '-c', 'exit 3']));
      await bothWays((o) => fails.toHaveExitCode(3, o), fails.toSucceed, /expected: exit code 0\ngot: +exit code 3/);
    });

    test('a file system is mounted', async () => {
      await bothWays(
        expect(web.mount('/proc/')).toBeMounted,
        expect(web.mount('/proc')).not.toBeMounted,
        /got: +\w+, proc, rw/,
      );
      await bothWays(
        expect(web.mount(folder)).not.toBeMounted,
        expect(web.mount(folder)).toBeMounted,
        /nothing is mounted there/,
      );
    });
  });
}

describe('packages', () => {
  test('of dpkg are installed in a version', async () => {
    const here = probesOf(localGuest(dash), { timeout: '20 s' });
    const shell = expect(here.package('dash'));
    await shell.toBeInstalled();
    await shell.toHaveVersion(/^0\.5/);
    await assert.rejects(shell.not.toBeInstalled(once), failed(/not installed\ngot: +version 0\.5/));
    await assert.rejects(shell.toHaveVersion('1.0', once), failed(/expected: version 1\.0\ngot: +version 0\.5/));
    const unknown = expect(here.package('no-such-package'));
    await unknown.not.toBeInstalled();
    for (const either of [unknown, unknown.not])
      await assert.rejects(either.toHaveVersion('1', once), failed(/not installed/));
  });

  test('are an error by name in a guest without a package manager, as are units without systemd', async () => {
    const here = probesOf(localGuest(busybox));
    await assert.rejects(expect(here.unit('nginx')).not.toBeActive(), {
      code: 'expectation-unsupported',
      message: /running systemd/,
    });
    await assert.rejects(expect(here.journal()).toContain('x'), {
      code: 'expectation-unsupported',
      message: /journalctl/,
    });
  });
});
