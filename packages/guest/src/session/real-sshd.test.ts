import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sleep } from '@goqemu/core';
import { waitFor } from '../conditions/wait-for.ts';
import { GuestSession } from './guest-session.ts';
import { type RealGuest, realGuest } from './session.fixture.ts';

/** 1 GiB in the long form of the tests. */
const bigFileMiB = process.env.GOQEMU_SOAK ? 1024 : 64;

let guest: RealGuest;
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-guest-'));
  guest = await realGuest({ reconnectMs: 10_000, banner: { distancesMs: [500], retryMs: [50, 50] } });
});
after(async () => {
  await guest[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

test('two hundred commands at once run within the ten sessions that OpenSSH allows', async () => {
  const results = await Promise.all(Array.from({ length: 200 }, (_, i) => guest.session.exec(`echo ${i}`)));
  assert.deepEqual(
    results.map(({ stdout }) => stdout),
    Array.from({ length: 200 }, (_, i) => `${i}\n`),
  );
});

test('a connection cut in the middle of a command fails it clearly, and the next one works', async () => {
  const running = guest.session.exec('echo begun; sleep 20', { onStdout: () => guest.link.cut() });
  await assert.rejects(running, {
    code: 'connection-lost',
    message: /broke while command "echo begun; sleep 20" was running/,
  });
  assert.equal((await guest.session.exec('echo next')).stdout, 'next\n');
});

test('sshd that is stopped and started again is found by the commands that waited', async () => {
  await guest.session.exec('true');
  await guest.server.stop();
  const waiting = Array.from({ length: 5 }, (_, i) => guest.session.exec(`echo ${i}`));
  await sleep(300);
  await guest.server.start();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ stdout }) => stdout),
    ['0\n', '1\n', '2\n', '3\n', '4\n'],
  );
});

test('a session process that dies in the guest fails the command in flight', async () => {
  let cut: Promise<void> | undefined;
  const running = guest.session.exec('echo begun; sleep 20', {
    onStdout: () => {
      cut ??= guest.server.cutSessions();
    },
  });
  await assert.rejects(running, { code: 'connection-lost' });
  await cut;
});

test('a hundred megabytes of output stream through in bounded memory', async () => {
  await guest.session.exec('true');
  const before = heldBytes();
  let bytes = 0;
  let looked = 0;
  let most = 0;
  for await (const { data } of guest.session.stream('head -c 100000000 /dev/zero')) {
    bytes += data.length;
    if (bytes % 50 === 0) await sleep(1); // a reader that is slower than the guest
    if (bytes - looked < 5_000_000) continue;
    looked = bytes;
    most = Math.max(most, heldBytes() - before);
  }
  assert.equal(bytes, 100_000_000);
  assert.ok(most < 32 * 2 ** 20, `${Math.round(most / 2 ** 20)} MiB more than before`);
});

test('a reader that stands still holds the guest back', async () => {
  const stream = guest.session.stream(
    'i=0; while [ $i -lt 400 ]; do head -c 65536 /dev/zero; echo $i >&2; i=$((i+1)); done',
  );
  let errors = '';
  let bytes = 0;
  for await (const { stream: name, data } of stream) {
    if (bytes === 0 && name === 'stdout') {
      await sleep(400);
    }
    if (name === 'stdout') bytes += data.length;
    else errors += data.toString();
  }
  assert.equal(bytes, 400 * 65_536);
  assert.equal(errors.trim().split('\n').length, 400);
});

test('a big file goes up and comes down with the same digest', async () => {
  const source = join(folder, 'big');
  const file = await open(source, 'w');
  for (let i = 0; i < bigFileMiB; i++) await file.write(randomBytes(2 ** 20));
  await file.truncate(bigFileMiB * 2 ** 20 - 77); // an odd length
  await file.close();
  const before = process.memoryUsage();
  let most = 0;
  let last = 0;
  const watch = (bytes: number) => {
    last = bytes;
    const now = process.memoryUsage();
    most = Math.max(most, now.heapUsed - before.heapUsed + now.external - before.external);
  };
  await guest.session.upload(source, join(folder, 'up/big'), { onProgress: watch });
  assert.equal(last, bigFileMiB * 2 ** 20 - 77);
  await guest.session.download(join(folder, 'up/big'), join(folder, 'down/big'), { onProgress: watch });
  const digests = await Promise.all(['big', 'up/big', 'down/big'].map((name) => digest(join(folder, name))));
  assert.equal(new Set(digests).size, 1);
  assert.ok(most < 96 * 2 ** 20, `${Math.round(most / 2 ** 20)} MiB more than before`);
  for (const name of ['big', 'up', 'down']) await rm(join(folder, name), { recursive: true });
});

async function sampleFolder(name: string): Promise<string> {
  const root = join(folder, name);
  await mkdir(join(root, 'sub/empty'), { recursive: true });
  await writeFile(join(root, 'plain'), 'plain\n', { mode: 0o640 });
  await writeFile(join(root, 'sub/run me.sh'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(root, "sub/it's «Ё» $(id)\n"), 'odd');
  await writeFile(join(root, 'sub/nothing'), '');
  await symlink('../plain', join(root, 'sub/link'));
  await symlink('/does/not/exist', join(root, 'dangling'));
  for (let i = 0; i < 40; i++) await writeFile(join(root, `sub/n${i}`), `${i}`);
  return root;
}

async function listing(root: string, at = ''): Promise<string[]> {
  const lines: string[] = [];
  for (const entry of (await readdir(join(root, at), { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(at, entry.name);
    if (entry.isSymbolicLink()) lines.push(`${path} -> ${await readlink(join(root, path))}`);
    else {
      const mode = ((await stat(join(root, path))).mode & 0o777).toString(8);
      lines.push(`${path} ${mode} ${entry.isFile() ? await readFile(join(root, path), 'utf8') : 'folder'}`);
      if (entry.isDirectory()) lines.push(...(await listing(root, path)));
    }
  }
  return lines;
}

test('a folder goes up and comes down with its modes, links, odd names and empty folders', async () => {
  const source = await sampleFolder('site');
  await guest.session.upload(source, join(folder, 'site-up/deep'));
  await guest.session.download(join(folder, 'site-up/deep'), join(folder, 'site-down'));
  assert.deepEqual(await listing(join(folder, 'site-up/deep')), await listing(source));
  assert.deepEqual(await listing(join(folder, 'site-down')), await listing(source));
});

test('uploading a folder again replaces its files and keeps what else is there', async () => {
  const source = await sampleFolder('again');
  const target = join(folder, 'again-up');
  await guest.session.upload(source, target);
  await writeFile(join(target, 'other'), 'kept');
  await writeFile(join(source, 'plain'), 'changed');
  await guest.session.upload(source, target);
  assert.equal(await readFile(join(target, 'plain'), 'utf8'), 'changed');
  assert.equal(await readFile(join(target, 'other'), 'utf8'), 'kept');
});

test('folders that are there keep their owner and mode, with the user’s rights and with root’s', async () => {
  const source = join(folder, 'kept-source');
  await mkdir(join(source, 'there/new'), { recursive: true });
  await writeFile(join(source, 'there/new/tool'), 'tool');
  await chmod(join(source, 'there/new/tool'), 0o4750);
  for (const path of ['', 'there', 'there/new']) await chmod(join(source, path), 0o775);
  await symlink('kept-source', join(folder, 'kept-link'));
  const { stdout } = await guest.session.exec('id -un; id -gn');
  const owner = stdout.trim().replace('\n', ':');
  for (const options of [{}, { owner }]) {
    const target = await mkdtemp(join(folder, 'kept-'));
    await mkdir(join(target, 'there'));
    await chmod(join(target, 'there'), 0o1777);
    await guest.session.upload(join(folder, 'kept-link'), target, options);
    const modes = ['', 'there', 'there/new', 'there/new/tool'].map(
      async (path) => (await stat(join(target, path))).mode,
    );
    assert.deepEqual(
      (await Promise.all(modes)).map((mode) => mode & 0o7777),
      [0o700, 0o1777, 0o775, 0o4750],
    );
  }
});

test('what cannot be uploaded is refused before anything is copied', async () => {
  const source = join(folder, 'refused-source');
  await mkdir(source);
  await writeFile(join(source, 'a'), 'a');
  await symlink('gone', join(folder, 'refused-link'));
  await guest.session.exec(`mkfifo ${join(source, 'pipe')}`);
  for (const options of [{}, { asRoot: true }]) {
    const refused = guest.session.upload(source, join(folder, 'refused'), options);
    await assert.rejects(refused, { code: 'upload-unsupported', subject: join(source, 'pipe') });
    const dangling = guest.session.upload(join(folder, 'refused-link'), join(folder, 'refused'), options);
    await assert.rejects(dangling, { code: 'upload-source-missing', message: /is a symbolic link to gone/ });
  }
  await assert.rejects(stat(join(folder, 'refused')), { code: 'ENOENT' });
  await rm(source, { recursive: true });
});

test('a file goes into a folder that is there, or under the name that is given', async () => {
  const source = join(folder, 'one.txt');
  await writeFile(source, 'one');
  await mkdir(join(folder, 'into'));
  await guest.session.upload(source, join(folder, 'into'), { mode: 0o600 });
  await guest.session.upload(source, join(folder, 'into/two.txt'));
  assert.deepEqual((await readdir(join(folder, 'into'))).sort(), ['one.txt', 'two.txt']);
  assert.equal((await stat(join(folder, 'into/one.txt'))).mode & 0o777, 0o600);
});

test('with an owner the copy passes through a private folder and leaves nothing there', async () => {
  const source = await sampleFolder('owned');
  const { stdout } = await guest.session.exec('id -un; id -gn');
  const owner = stdout.trim().replace('\n', ':');
  const leftOf = watchStages(guest.session);
  await guest.session.upload(source, join(folder, 'owned-up'), { owner });
  assert.deepEqual(await listing(join(folder, 'owned-up')), await listing(source));
  await guest.session.upload(join(source, 'plain'), join(folder, 'owned-up/new/name'), { owner, mode: 0o604 });
  assert.equal((await stat(join(folder, 'owned-up/new/name'))).mode & 0o777, 0o604);
  await guest.session.download(join(folder, 'owned-up'), join(folder, 'owned-down'), { asRoot: true });
  assert.deepEqual(await listing(join(folder, 'owned-down')), await listing(join(folder, 'owned-up')));
  assert.deepEqual(await leftOf(), []);
});

/** Notes the private folders that a session makes; gives those that are still there. */
function watchStages(session: GuestSession): () => Promise<string[]> {
  const exec = session.exec.bind(session);
  const stages: string[] = [];
  session.exec = (command, options) => {
    if (command[0] === 'mkdir') stages.push(command.at(-1) ?? '');
    return exec(command, options);
  };
  return async () => {
    assert.ok(stages.length > 0);
    const left = await Promise.all(
      stages.map((path) =>
        stat(path)
          .then(() => [path])
          .catch(() => []),
      ),
    );
    return left.flat();
  };
}

test('an upload through a private folder that fails leaves nothing there: refused, interrupted, or aborted', async () => {
  const source = join(folder, 'failing');
  await mkdir(source);
  await writeFile(join(source, 'file'), randomBytes(2 ** 20));
  await writeFile(join(folder, 'in the way'), '');
  await using other = new GuestSession({
    ...guest.session.endpoint,
    banner: { distancesMs: [500], retryMs: [50, 50] },
  });
  const leftOf = watchStages(other);
  const send = (to: string, options: object = {}) =>
    other.upload(source, join(folder, to), { asRoot: true, ...options });
  await assert.rejects(send('in the way'), { code: 'command-failed', detail: /in the way is not a folder/ });
  await assert.rejects(send('lost', { onProgress: () => guest.link.cut() }), { code: 'connection-lost' });
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error('given up'));
  await assert.rejects(send('given-up', { onProgress, signal: stop.signal }), { message: 'given up' });
  assert.deepEqual(await leftOf(), []);
  for (const name of ['lost', 'given-up']) await assert.rejects(stat(join(folder, name)), { code: 'ENOENT' });
});

test('a transfer that is cut fails as lost and leaves no half file under the name', async () => {
  const source = join(folder, 'cut');
  await writeFile(source, randomBytes(8 * 2 ** 20));
  let cut = false;
  const onProgress = (bytes: number) => {
    if (!cut && bytes > 2 ** 20) {
      cut = true;
      guest.link.cut();
    }
  };
  await assert.rejects(guest.session.upload(source, join(folder, 'cut-up'), { onProgress }), {
    code: 'connection-lost',
  });
  await assert.rejects(stat(join(folder, 'cut-up')), { code: 'ENOENT' });
  cut = false;
  await assert.rejects(guest.session.download(source, join(folder, 'cut-down'), { onProgress }), {
    code: 'connection-lost',
  });
  await assert.rejects(stat(join(folder, 'cut-down')), { code: 'ENOENT' });
});

test('a transfer on which nothing moves any more ends with its name', async () => {
  const source = join(folder, 'stalled');
  await writeFile(source, randomBytes(2 ** 20));
  const onProgress = () => guest.link.freeze();
  const stalling = guest.session.upload(source, join(folder, 'stalled-up'), { stallMs: 400, onProgress });
  await assert.rejects(stalling, {
    code: 'timeout',
    message: /^upload of .*stalled to .* did not finish within 400 ms$/,
  });
  guest.link.thaw();
});

test('what is missing or forbidden is named', async () => {
  await assert.rejects(guest.session.upload(join(folder, 'no such'), '/tmp/x'), { code: 'upload-source-missing' });
  await assert.rejects(guest.session.download('/no/such/file', join(folder, 'x')), {
    code: 'guest-file-missing',
    subject: '/no/such/file',
  });
  await assert.rejects(guest.session.upload(folder, '/tmp/x', { mode: 0o600 }), { code: 'option-invalid' });
  await assert.rejects(guest.session.upload(folder, '/tmp/x', { owner: 'a b' }), { code: 'owner-invalid' });
});

test('a file of /proc, which says that it is empty, comes down with its contents', async () => {
  await guest.session.download('/proc/version', join(folder, 'version'));
  assert.equal(await readFile(join(folder, 'version'), 'utf8'), await readFile('/proc/version', 'utf8'));
});

test('a written file has its contents, mode and name, whatever they are, and replaces in one step', async () => {
  const bytes = randomBytes(300_000);
  const path = join(folder, "made/it's $(id) «Ё»");
  await guest.session.writeFile(path, 'old');
  await guest.session.writeFile(path, bytes, { mode: 0o640 });
  assert.deepEqual(await readFile(path), bytes);
  assert.equal((await stat(path)).mode & 0o777, 0o640);
  assert.equal((await readdir(join(folder, 'made'))).length, 1);
  await assert.rejects(guest.session.writeFile(join(folder, 'made'), 'x'), { code: 'command-failed' });
});

test('a tunnel forwards to a port of the guest, lives through a new connection, and closes', async () => {
  const web = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await new Promise((resolve) => web.once('listening', resolve));
  const { port } = web.address() as AddressInfo;
  const tunnel = await guest.session.tunnel(port);
  const url = `http://127.0.0.1:${tunnel.hostPort}/`;
  const get = () =>
    fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(10_000) }).then((response) =>
      response.text(),
    );
  assert.equal(await get(), 'hello');
  guest.link.cut();
  assert.equal(await get(), 'hello');
  await assert.rejects(guest.session.tunnel(port, { hostPort: tunnel.hostPort }), { code: 'port-taken' });
  await waitFor(guest.session, { http: `http://localhost:${port}/` }, { timeoutMs: 20_000 });
  await tunnel[Symbol.asyncDispose]();
  await assert.rejects(get());
  web.close();
});

test('a reverse tunnel leads from the guest to a port of this host, also over a new connection', async () => {
  const web = createServer((_, response) => response.end('host')).listen(0, '127.0.0.1');
  await new Promise((resolve) => web.once('listening', resolve));
  {
    await using tunnel = await guest.session.reverseTunnel((web.address() as AddressInfo).port);
    const get = () =>
      fetch(`http://127.0.0.1:${tunnel.guestPort}/`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(10_000),
      }).then((r) => r.text());
    assert.equal(await get(), 'host');
    guest.link.cut();
    for (let i = 0; i < 50 && (await get().catch(() => '')) !== 'host'; i++) await sleep(100);
    assert.equal(await get(), 'host');
  }
  web.close();
});

test('a shell has a terminal of the size that is asked for, follows a resize, and says how it ended', async () => {
  await using shell = await guest.session.shell({ terminal: { columns: 91, rows: 31 } });
  let shown = '';
  shell.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
  });
  const until = async (text: string) => {
    for (let i = 0; i < 1_500 && !shown.includes(text); i++) await sleep(20);
    assert.ok(shown.includes(text), shown);
  };
  shell.stdin.write('stty size\n');
  await until('31 91');
  shell.resize({ columns: 100, rows: 40 });
  shell.stdin.write('stty size\n');
  await until('40 100');
  shell.stdin.write('exit 7\n');
  assert.deepEqual(await shell.ending, { exitCode: 7, signal: null });
});

test('a program runs on a terminal instead of a shell', async () => {
  await using shell = await guest.session.shell({ command: ['sh', '-c', 'test -t 0 && exit 5'] });
  shell.stdout.resume();
  assert.deepEqual(await shell.ending, { exitCode: 5, signal: null });
});

test('a command with a terminal has one', async () => {
  const { stdout } = await guest.session.exec('test -t 1 && stty size', { pty: { columns: 70, rows: 20 } });
  assert.equal(stdout, '20 70\r\n');
});

test('many sessions with one server do not disturb each other', async () => {
  const sessions = Array.from({ length: 4 }, () => new GuestSession(guest.session.endpoint));
  const outputs = await Promise.all(sessions.map((session, i) => session.exec(`echo ${i}`)));
  assert.deepEqual(
    outputs.map(({ stdout }) => stdout),
    ['0\n', '1\n', '2\n', '3\n'],
  );
  await Promise.all(sessions.map((session) => session.close()));
});

/** What cannot be collected: how much garbage Node.js lets lie differs from version to version. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
