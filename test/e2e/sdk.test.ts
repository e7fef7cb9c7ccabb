import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  attachVM,
  createVM,
  deleteCachedImage,
  type ErrorCode,
  hasErrorCode,
  listCachedImages,
  QemuVM,
  type QemuVMConfig,
} from 'goqemu';
import { QmpClient } from 'goqemu/qmp';
import { projectFolder, runTypeScript } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';
import { e2eHome, goqemuCommand } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

const standalone = join(e2eHome, 'labs/standalone');
process.env.GOQEMU_HOME = e2eHome;

let tiny: Pick<QemuVMConfig, 'image' | 'memory' | 'cpus' | 'user'>;
let folder: string;
/** Most tests share one machine in user mode; each leaves it running. */
let vm: QemuVM;

before(async () => {
  folder = projectFolder();
  tiny = { image: await tinyImage(), memory: '256 MiB', cpus: 1, user: 'tiny' };
  // A run that was broken off leaves its machines.
  for (const name of ['sdk-shared', 'sdk-other', 'sdk-impatient', 'sdk-memory']) await new QemuVM({ name }).delete();
  vm = new QemuVM({ ...tiny, name: 'sdk-shared', network: 'user', forward: { web: 8080 } });
});

after(async () => {
  await vm.delete();
  await rm(folder, { recursive: true });
});

const code = (expected: ErrorCode) => (error: unknown) => {
  assert.ok(hasErrorCode(error, expected), `expected ${expected}, got ${String(error)}`);
  assert.ok(error.hint, 'an error of misuse says what to do');
  return true;
};

test('before its start a VM says that it has to be started, and nothing is made', async () => {
  assert.equal((await vm.status()).state, 'absent');
  await assert.rejects(vm.sendCommand('true'), code('vm-not-running'));
  await assert.rejects(vm.upload('/etc/hostname', '/tmp/'), code('vm-not-running'));
  await assert.rejects(vm.createSnapshot('too early'), code('vm-not-made'));
  await assert.rejects(vm.restoreSnapshot('123456789abc'), code('vm-not-made'));
  await assert.rejects(vm.sshEndpoint(), code('vm-not-made'));
  assert.deepEqual(await vm.listSnapshots(), []);
  await vm.stop();
  assert.ok(!existsSync(join(standalone, 'sdk-shared')));
});

test('a command that is sent while the VM starts waits until it has', async () => {
  const starting = vm.start();
  const { stdout } = await vm.sendCommand('id -un; hostname');
  assert.equal(stdout, 'tiny\nsdk-shared\n');
  await starting;
});

test('a VM that runs is not started again, and keeps running', async () => {
  await assert.rejects(vm.start(), code('vm-already-running'));
  assert.equal((await vm.sendCommand('echo still here')).stdout, 'still here\n');
});

test('what runs in a VM that is suspended continues when it is resumed, by resume or by start', async () => {
  await vm.sendCommand('echo kept > /dev/shm/kept; (setsid sleep 1000 < /dev/null > /dev/null 2>&1 &)');
  await vm.suspend();
  const { state, pid } = await vm.status();
  assert.deepEqual([state, pid], ['suspended', undefined]);
  await assert.rejects(vm.sendCommand('true'), code('vm-not-running'));
  await assert.rejects(vm.createSnapshot('of a suspended VM'), code('power-refused'));
  await vm.resume();
  assert.equal(
    (await vm.sendCommand('cat /dev/shm/kept; pidof sleep > /dev/null && echo runs')).stdout,
    'kept\nruns\n',
  );
  await assert.rejects(vm.resume(), code('vm-already-running'));
  await vm.suspend();
  await vm.start();
  assert.equal((await vm.sendCommand('cat /dev/shm/kept')).stdout, 'kept\n');
});

test('a result holds the command, both outputs, the exit code or the signal, and the error', async () => {
  const failed = await vm.sendCommand('echo out; echo err >&2; exit 3');
  assert.deepEqual(
    { ...failed, durationMs: 0, error: failed.error?.code },
    {
      command: 'echo out; echo err >&2; exit 3',
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
      signal: null,
      durationMs: 0,
      truncated: false,
      error: 'command-failed',
    },
  );
  const killed = await vm.sendCommand('kill -TERM $$');
  assert.deepEqual([killed.exitCode, killed.signal], [null, 'TERM']);
  assert.equal((await vm.sendCommand(['printf', '%s', '$HOME; "quoted"'])).stdout, '$HOME; "quoted"');
  await assert.rejects(vm.sendCommand('exit 1', { check: true }), code('command-failed'));
});

test('commands take root, an environment, a folder, input and a terminal', async () => {
  assert.equal((await vm.sendCommand('id -un', { sudo: true })).stdout, 'root\n');
  const { stdout } = await vm.sendCommand('echo "$GREETING from $PWD"; cat', {
    environment: { GREETING: "it's me" },
    workingDirectory: '/tmp',
    input: 'and input\n',
  });
  assert.equal(stdout, "it's me from /tmp\nand input\n");
  assert.equal(
    (await vm.sendCommand('tty >/dev/null && stty size', { pty: { columns: 100, rows: 30 } })).stdout,
    '30 100\r\n',
  );
});

test('a long output streams through a process whose memory stays small', async () => {
  const expected = process.env.GOQEMU_SOAK ? 100_000_000 : 10_000_000;
  let bytes = 0;
  let largest = 0;
  const base = process.memoryUsage().rss;
  for await (const { data } of vm.streamCommand(`head -c ${expected} /dev/zero`)) {
    bytes += data.length;
    largest = Math.max(largest, process.memoryUsage().rss - base);
  }
  assert.equal(bytes, expected);
  assert.ok(largest < 64e6, `grew by ${Math.round(largest / 1e6)} MB`);
});

test('files and folders come back as they went', async () => {
  const source = join(folder, 'up');
  await mkdir(join(source, 'inner'), { recursive: true });
  await writeFile(join(source, 'inner/small'), 'small\n');
  await writeRandom(join(source, 'large'), (process.env.GOQEMU_SOAK ? 1024 : 8) * 2 ** 20);
  await vm.upload(source, 'tree');
  const inGuest = await vm.sendCommand('sha256sum < tree/large');
  await vm.download('tree', join(folder, 'down'));
  const digest = await sha256(join(source, 'large'));
  assert.equal(inGuest.stdout.slice(0, 64), digest);
  assert.equal(await sha256(join(folder, 'down/large')), digest);
  assert.equal(await readFile(join(folder, 'down/inner/small'), 'utf8'), 'small\n');
  await vm.upload(join(source, 'inner/small'), '/etc/small', { sudo: true, mode: 0o600 });
  assert.equal((await vm.sendCommand('stat -c "%U %a" /etc/small', { sudo: true })).stdout, 'root 600\n');
  await vm.sendCommand('rm -r tree', { check: true });
});

test('ports lead both ways: a forward, a tunnel, and a reverse tunnel', async () => {
  const serving = vm.streamCommand('for i in 1 2; do echo from the guest | busybox nc -l -p 8080; done');
  const taken = serving[Symbol.asyncIterator]().next();
  const { forwards } = await vm.status();
  await vm.sendCommand('until busybox netstat -ltn | grep -q :8080; do busybox usleep 50000; done', { check: true });
  assert.equal(await readPort(forwards.web ?? 0), 'from the guest\n');
  await vm.sendCommand('until busybox netstat -ltn | grep -q :8080; do busybox usleep 50000; done', { check: true });
  {
    await using tunnel = await vm.openTunnel(8080);
    assert.equal(await readPort(tunnel.hostPort), 'from the guest\n');
  }
  await taken;
  const server = createServer((_, response) => response.end('from the host\n')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  await using tunnel = await vm.openReverseTunnel((server.address() as AddressInfo).port);
  const { stdout } = await vm.sendCommand(`busybox wget -qO- http://127.0.0.1:${tunnel.guestPort}/`);
  assert.equal(stdout, 'from the host\n');
  server.close();
});

test('the address comes from the guest agent, and any SSH client finds the endpoint', async () => {
  assert.deepEqual(await vm.ip(), { address: '10.0.2.15', foundBy: 'guest-agent', direct: false });
  await vm.sendCommand('killall qemu-ga; mv /usr/sbin/qemu-ga /usr/sbin/qemu-ga.away', { sudo: true });
  assert.deepEqual(await vm.ip(), { address: '10.0.2.15', foundBy: 'forward', direct: false });
  await vm.sendCommand('mv /usr/sbin/qemu-ga.away /usr/sbin/qemu-ga; killall sleep guest-agent', { sudo: true });
  const { host, port, user, identityFile, hostKey } = await vm.sshEndpoint();
  const known = join(folder, 'known_hosts');
  await writeFile(known, `[${host}]:${port} ${hostKey}\n`);
  const options = ['-o', `UserKnownHostsFile=${known}`, '-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes'];
  const words = [...options, '-i', identityFile, '-p', String(port), `${user}@${host}`, 'hostname'];
  const ssh = await runCommand('ssh', words);
  assert.equal(ssh.stdout, 'sdk-shared\n', ssh.stderr);
});

test('a connection that is cut in the middle of a command fails it clearly, and the next command works', async () => {
  const cut = "kill -9 $(ps -o pid,args | awk '/[d]ropbear -F/ {print $1}' | tail -n +2)";
  const running = vm.sendCommand('echo begun; sleep 600');
  const failure = assert.rejects(running, code('connection-lost'));
  await vm.sendCommand(cut, { sudo: true }).catch(() => undefined); // it cuts its own
  await failure;
  assert.equal((await vm.sendCommand('echo again')).stdout, 'again\n');
});

test('a repeatable command is run again when its connection is cut', async () => {
  const script = 'echo run >> runs; [ "$(wc -l < runs)" -gt 1 ] || sleep 600; cat runs';
  const running = vm.sendCommand(script, { repeatable: true });
  await vm.sendCommand('until [ -s runs ]; do busybox usleep 50000; done');
  await vm
    .sendCommand("kill -9 $(ps -o pid,args | awk '/[d]ropbear -F/ {print $1}' | tail -n +2)", { sudo: true })
    .catch(() => undefined);
  assert.equal((await running).stdout, 'run\nrun\n');
});

test('an sshd that is restarted costs nothing but the commands that it ran', async () => {
  await vm.sendCommand('killall -9 dropbear', { sudo: true }).catch(() => undefined);
  const results = await Promise.all([1, 2, 3].map((i) => vm.sendCommand(`echo ${i}`)));
  assert.deepEqual(
    results.map(({ stdout }) => stdout),
    ['1\n', '2\n', '3\n'],
  );
});

test('a network that is gone for 30 s keeps what is sent meanwhile', async () => {
  await setLink(false);
  const sent = [1, 2, 3].map((i) => vm.sendCommand(`echo ${i}`));
  await new Promise((resolve) => setTimeout(resolve, 30_000));
  await setLink(true);
  assert.deepEqual(
    (await Promise.all(sent)).map(({ stdout }) => stdout),
    ['1\n', '2\n', '3\n'],
  );
});

test('a guest that reboots is there again for the next command', async () => {
  const boot = 'cat /proc/sys/kernel/random/boot_id';
  const former = (await vm.sendCommand(boot)).stdout;
  await vm.sendCommand('reboot -f', { sudo: true, timeout: '10 s' }).catch(() => undefined); // it does not say goodbye
  const now = (await vm.sendCommand(boot, { repeatable: true })).stdout;
  assert.notEqual(now, former);
  assert.match(now, /^[0-9a-f-]{36}\n$/);
});

test('a snapshot brings files and processes back; deleting it leaves what others stand on', async () => {
  const labFolder = join(standalone, 'sdk-shared');
  const counting = 'while :; do i=$((i + 1)); echo $i > count; busybox usleep 100000; done';
  await vm.sendCommand(`nohup sh -c '${counting}' > /dev/null 2>&1 & echo precious > note`);
  const first = await vm.createSnapshot('  with the note ');
  assert.deepEqual(first.descriptions, ['with the note', 'sdk-shared']);
  assert.match(first.id, /^[0-9a-f]{12}$/);
  assert.deepEqual(first.contents, ['disk', 'ram']);
  await vm.sendCommand('echo second > note', { check: true });
  const second = await vm.createSnapshot('second');
  assert.equal(second.parent, first.id);
  await vm.sendCommand('rm note', { check: true });
  await vm.deleteSnapshot(first.id);
  assert.deepEqual(
    (await vm.listSnapshots()).map(({ id }) => id),
    [second.id],
  );
  await assert.rejects(vm.restoreSnapshot(first.id), code('snapshot-unknown'));
  await vm.restoreSnapshot(second.id);
  assert.equal((await vm.sendCommand('cat note')).stdout, 'second\n');
  const count = await vm.sendCommand('cat count; sleep 1; cat count');
  const [before, later] = count.stdout.trim().split('\n').map(Number);
  assert.ok((later ?? 0) > (before ?? 0), 'the process keeps counting');
  assert.equal((await vm.status()).snapshot, second.id);
  assert.equal((await readdir(labFolder)).filter((name) => name.startsWith('disk-')).length, 1);
  await vm.sendCommand('killall sh; rm -f note count').catch(() => undefined);
});

test('a snapshot of another VM is refused, naming whose it is', async () => {
  await using other = await createVM({ ...tiny, name: 'sdk-other', network: 'user' });
  const foreign = await other.createSnapshot('of a VM that never ran');
  assert.deepEqual(foreign.contents, ['disk']);
  await assert.rejects(vm.restoreSnapshot(foreign.id), (error) => {
    assert.match(String(error), /"sdk-other"/);
    return code('snapshot-of-another-vm')(error);
  });
  await assert.rejects(vm.deleteSnapshot(foreign.id), code('snapshot-of-another-vm'));
  assert.equal((await vm.sendCommand('echo unharmed')).stdout, 'unharmed\n');
  await other.delete();
});

test('two objects do not drive one VM, and a second one says who does', async () => {
  await assert.rejects(attachVM('sdk-shared'), code('vm-in-use'));
  await assert.rejects(createVM({ name: 'sdk-shared' }), code('vm-in-use'));
  const elsewhere = await script("await attachVM('sdk-shared')");
  assert.match(elsewhere.stderr, new RegExp(`vm-in-use.*process ${process.pid}`));
  assert.match(
    (await script("console.log((await new QemuVM({ name: 'sdk-shared' }).status()).state)")).stdout,
    /^running/,
  );
});

test('another process takes over a VM that was let go, and leaves it running', async () => {
  await vm.detach();
  await assert.rejects(vm.sendCommand('true'), code('vm-released'));
  const run = await script(`
    await using vm = await attachVM('sdk-shared');
    console.log((await vm.sendCommand('hostname')).stdout);
  `);
  assert.equal(run.stdout, 'sdk-shared\n\n', run.stderr);
  await assert.rejects(createVM({ name: 'sdk-shared', memory: '512 MiB', cpus: 1 }), (error) => {
    assert.match(String((error as { detail?: string }).detail), /^memory: requested "512 MiB", it has "256 MiB"$/);
    return code('vm-differs')(error);
  });
  vm = await attachVM('sdk-shared');
  assert.equal((await vm.sendCommand('echo back')).stdout, 'back\n');
  await assert.rejects(attachVM('sdk-none'), code('vm-unknown'));
});

test('a stop during a command cuts it short with the reason, and the VM can be had back', async () => {
  const snapshot = await vm.createSnapshot('before the stop');
  const running = vm.sendCommand('sleep 600');
  const failure = assert.rejects(running, (error) => {
    assert.match(String(error), /"sleep 600".*was stopped/);
    return code('command-interrupted')(error);
  });
  await vm.sendCommand("until ps | grep -q '[s]leep 600'; do busybox usleep 50000; done");
  await vm.stop();
  await failure;
  assert.equal((await vm.status()).state, 'stopped');
  await assert.rejects(vm.sendCommand('true'), code('vm-not-running'));
  await vm.stop();
  await vm.restoreSnapshot(snapshot.id);
  assert.equal((await vm.sendCommand('echo back')).stdout, 'back\n');
});

test('a QEMU that is killed ends its commands at once, and a snapshot brings the VM back', async () => {
  const snapshot = await vm.createSnapshot('before the crash');
  const { pid } = await vm.status();
  const failure = assert.rejects(vm.sendCommand('sleep 600'), (error) => {
    assert.match(String(error), /has ended by itself/);
    return code('command-interrupted')(error);
  });
  await vm.sendCommand("until ps | grep -q '[s]leep 600'; do busybox usleep 50000; done");
  process.kill(pid ?? 0, 'SIGKILL');
  await failure;
  assert.equal((await vm.status()).state, 'stopped');
  await vm.restoreSnapshot(snapshot.id);
  assert.equal((await vm.sendCommand('echo back')).stdout, 'back\n');
});

test('what takes too long is named, and the VM keeps running', async () => {
  await assert.rejects(vm.sendCommand('sleep 600', { timeout: '500 ms' }), (error) => {
    assert.match(String(error), /sleep 600.*500 ms/);
    return hasErrorCode(error, 'timeout');
  });
  assert.equal((await vm.sendCommand('echo on')).stdout, 'on\n');
  const impatient = await createVM({ ...tiny, name: 'sdk-impatient', network: 'user', timeouts: { start: '400 ms' } });
  await assert.rejects(impatient.start(), /starting VM "sdk-impatient" did not finish within 400 ms/);
  assert.equal((await impatient.status()).state, 'stopped');
  await impatient.delete();
});

test('snapshots in memory leave nothing on the disk, and nothing in memory when the VM is gone', async () => {
  const quick = await createVM({ ...tiny, name: 'sdk-memory', network: 'user', snapshots: 'memory' });
  await quick.start();
  await quick.sendCommand('echo precious > note', { check: true });
  const onDisk = await readdir(join(e2eHome, 'snapshots'));
  const snapshot = await quick.createSnapshot('in memory');
  assert.deepEqual(await readdir(join(e2eHome, 'snapshots')), onDisk);
  await quick.sendCommand('rm note', { check: true });
  await quick.restoreSnapshot(snapshot.id);
  assert.equal((await quick.sendCommand('cat note')).stdout, 'precious\n');
  const inMemory = await filesBelow(`/dev/shm/goqemu-${process.getuid?.()}`);
  assert.ok(inMemory.some((path) => path.endsWith(`${snapshot.id}/manifest.json`)));
  await quick.delete();
  const left = await filesBelow(`/dev/shm/goqemu-${process.getuid?.()}`);
  assert.deepEqual(
    left.filter((path) => path.includes(snapshot.id) || path.includes('sdk-memory')),
    [],
  );
});

test('an image that a VM stands on is not deleted, and the error names the VM', async () => {
  const { name } = (await listCachedImages()).find(({ reference }) => reference === tiny.image) ?? { name: '' };
  await assert.rejects(deleteCachedImage(name), (error) => {
    assert.match(String(error), /VM "sdk-shared"/);
    return code('image-in-use')(error);
  });
  const command = await runCommand(process.execPath, [goqemuCommand, 'image', 'remove', name], { cwd: folder });
  assert.notEqual(command.code, 0);
  assert.match(command.stderr, /is in use by .*VM "sdk-shared"/);
  await assert.rejects(deleteCachedImage('no-such-image'), code('image-not-cached'));
});

test('a temporary VM whose process was killed is removed by the next that makes one', async () => {
  const run = await script(`
    const vm = await createVM(${JSON.stringify({ ...tiny, network: 'user' })});
    console.log(vm.name);
    process.kill(process.pid, 'SIGKILL');
  `);
  const name = run.stdout.trim();
  assert.ok(existsSync(join(standalone, name, 'vm.json')), run.stderr);
  await using next = await createVM({ ...tiny, network: 'user' });
  assert.ok(!existsSync(join(standalone, name)) && !existsSync(join(standalone, `${name}.json`)));
  assert.equal((await next.status()).state, 'stopped');
});

/** None below a folder that is not there: it goes with the last that was in it. */
const filesBelow = async (path: string) => (existsSync(path) ? readdir(path, { recursive: true }) : []);

/** A script of another process. */
function script(body: string) {
  const imports = "import { attachVM, createVM, QemuVM } from 'goqemu';";
  const file = join(folder, `${randomBytes(4).toString('hex')}.mts`);
  const reporting =
    'process.on("uncaughtException", (error) => { console.error(error.code, error.message); process.exit(1); });';
  return writeFile(file, `${imports}\n${reporting}\n${body}\n`).then(() =>
    runCommand(process.execPath, [...runTypeScript, file], { cwd: folder, env: { GOQEMU_HOME: e2eHome } }),
  );
}

/** Pulls the cable of the VM's card, or puts it back, over the monitor that is free for other tools. */
async function setLink(up: boolean): Promise<void> {
  const state = JSON.parse(await readFile(join(standalone, 'sdk-shared/vm.json'), 'utf8')) as {
    machine: { runtimeFolder: string };
  };
  await using qmp = await QmpClient.connect({ path: join(state.machine.runtimeFolder, 't') });
  await qmp.execute('set_link', { name: 'net0', up });
}

async function readPort(port: number): Promise<string> {
  let text = '';
  for await (const chunk of connect(port, '127.0.0.1').setEncoding('utf8')) text += chunk;
  return text;
}

async function writeRandom(path: string, bytes: number): Promise<void> {
  await using file = await open(path, 'w');
  const block = randomBytes(2 ** 20);
  for (let written = 0; written < bytes; written += block.length) {
    block.writeUInt32LE(written / 2 ** 20);
    await file.write(block);
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await using file = await open(path);
  for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
