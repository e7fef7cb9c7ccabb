import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createVM, openLab, type RunningLab } from 'goqemu';
import { projectFolder, runTypeScript } from '../installed-package.ts';
import { e2eHome, goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

interface ForkDocument {
  readonly forks: readonly {
    readonly name: string;
    readonly machines: readonly {
      readonly name: string;
      readonly ssh: { readonly port: number };
      readonly forwards: Readonly<Record<string, number>>;
    }[];
  }[];
}

const worker = fileURLToPath(new URL('fork-work.ts', import.meta.url));

interface Checkpoint {
  readonly descriptions: readonly string[];
  readonly contents: readonly string[];
  readonly machines: readonly unknown[];
}

/** A process that counts in memory alone. */
const counter =
  "setsid sh -c 'i=0; while :; do i=$((i+1)); echo $i > /dev/shm/count; sleep 0.1; done' < /dev/null > /dev/null 2>&1 &";

describe('forks of a lab of two machines', () => {
  let folder: LabFolder;
  let forks: ForkDocument['forks'] = [];
  let keys: readonly string[] = [];

  before(async () => {
    const machine = `{ image: ${JSON.stringify(await tinyImage())}, user: 'debian', memory: '256 MiB', cpus: 1, forward: { http: { guest: 80, host: 21987 } } }`;
    folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'forked' }, (lab) => {
  const web = lab.vm('web', ${machine}).run('mark', 'echo web > /root/mark');
  lab.vm('db', ${machine.replace('21987', '21988')}).run('mark', 'echo db > /root/mark');
  return { url: web.forwarded.http };
});
`);
    await folder.ok('apply', '--yes');
    for (const name of ['web', 'db'])
      await asRoot([], name, `${counter} until [ -s /dev/shm/count ]; do sleep 0.1; done`);
    await folder.ok('checkpoint', 'create', 'ready');
    keys = await readdir(join(e2eHome, 'keys'));
  });
  after(() => folder[Symbol.asyncDispose]());

  const asRoot = async (options: readonly string[], machine: string, script: string) =>
    (await folder.ok('exec', ...options, machine, '--', 'sudo', 'sh', '-c', script)).stdout.trim();
  const inFork = (fork: string, machine: string, script: string) => asRoot(['--stack', fork], machine, script);

  test('run beside it: each continues from the checkpoint, on ports of its own, as the same machines', async () => {
    const identity = 'hostname; cat /etc/machine-id; cat /sys/class/net/eth0/address; cat /root/mark';
    const goesOn =
      'i=$(cat /dev/shm/count); until [ "$(cat /dev/shm/count)" -gt $i ]; do sleep 0.1; done; echo continues';
    const original = { web: await asRoot([], 'web', identity), db: await asRoot([], 'db', identity) };
    ({ forks } = await folder.json<ForkDocument>('checkpoint', 'fork', 'ready', '--count', '2'));
    const ports = forks.flatMap(({ machines }) => machines.flatMap((one) => [one.ssh.port, one.forwards.http]));
    assert.equal(new Set([...ports, 21987, 21988]).size, 10);
    for (const { name } of forks) {
      for (const machine of ['web', 'db'] as const) {
        const found = await inFork(name, machine, `${identity}; ${goesOn}`);
        assert.equal(found, `${original[machine]}\ncontinues`);
      }
      const plan = await folder.json<{ operations: unknown[] }>('plan', '--stack', name);
      assert.deepEqual(plan.operations, []);
    }
    const { outputs } = await folder.json<{ outputs: { url: string } }>('status', '--stack', 'ready-1');
    assert.match(outputs.url, new RegExp(`:${forks[0]?.machines.find(({ name }) => name === 'web')?.forwards.http}$`));
  });

  test('write, and do not see each other; their memory is shared until then', async () => {
    const all = [[], ...forks.map(({ name }) => ['--stack', name])];
    for (const [index, options] of all.entries())
      await asRoot(options, 'web', `echo ${index} > /root/own; echo ${index} > /dev/shm/own`);
    for (const [index, options] of all.entries())
      assert.equal(await asRoot(options, 'web', 'cat /root/own /dev/shm/own'), `${index}\n${index}`);
    for (const { name } of forks) {
      const { machines } = await folder.json<{ machines: { pid: number }[] }>('status', '--stack', name);
      for (const { pid } of machines)
        assert.match(await readFile(`/proc/${pid}/maps`, 'utf8'), /rw-p .*\/snapshots\/.*\/ram-/);
    }
  });

  test('can be checkpointed, restored and forked themselves', async () => {
    await inFork('ready-1', 'db', 'echo tried > /root/tried');
    await folder.ok('checkpoint', 'create', 'tried', '--stack', 'ready-1');
    const report = await folder.json<ForkDocument>(
      'checkpoint',
      'fork',
      'tried',
      '--stack',
      'ready-1',
      '--name',
      'inner',
    );
    assert.deepEqual(
      report.forks.map(({ name }) => name),
      ['inner'],
    );
    assert.equal(await inFork('inner', 'db', 'cat /root/tried'), 'tried');
    assert.equal(await inFork('inner', 'web', 'cat /root/own'), '1');
    await folder.ok('checkpoint', 'restore', 'ready', '--stack', 'ready-1');
    assert.equal(await inFork('ready-1', 'db', 'cat /root/tried 2> /dev/null || echo none'), 'none');
    await folder.ok('destroy', '--yes', '--stack', 'inner');
  });

  test('are gone without a trace once they are destroyed, and the lab continues', async () => {
    const before = Number(await asRoot([], 'web', 'cat /dev/shm/count'));
    for (const { name } of forks) {
      await folder.ok('destroy', '--yes', '--stack', name);
      assert.ok(!existsSync(folder.file(`.goqemu/forked/${name}`)), name);
    }
    assert.equal((await labFolders()).length, 1);
    assert.deepEqual(await readdir(join(e2eHome, 'keys')), keys);
    assert.ok(Number(await asRoot([], 'web', 'cat /dev/shm/count')) > before);
    assert.deepEqual(await folder.json('status').then((status) => (status as { forks: string[] }).forks), []);
  });

  test('are whole or not there when goqemu is killed while it makes them', async () => {
    for (const [line, times] of [
      [/vm: restore: the new QEMU is there/, 1],
      [/vm: restore: the guest runs/, 1],
      [/vm: restore: the guest knows the time/, 2],
    ] as const) {
      await killed(folder, ['checkpoint', 'fork', 'ready', '--name', 'dead', '--debug'], line, times);
      await folder.ok('checkpoint', 'create', `after ${line.source}`);
      const isWhole = existsSync(folder.file('.goqemu/forked/dead'));
      assert.equal((await labFolders()).length, isWhole ? 2 : 1, `killed at ${line.source}`);
      if (isWhole) {
        assert.equal(await inFork('dead', 'db', 'cat /root/mark'), 'db');
        await folder.ok('destroy', '--yes', '--stack', 'dead');
      }
      assert.equal(await asRoot([], 'db', 'cat /root/mark'), 'db');
    }
    assert.equal(await processes(), 2);
  });

  test('a checkpoint of both machines is whole or not there when goqemu is killed while it takes it', async () => {
    for (const line of [/vm: cut: the disk has moved/, /vm: cut: the manifest is written/]) {
      const text = line.source;
      for (const name of ['web', 'db']) await asRoot([], name, `echo '${text}' > /dev/shm/text`);
      await killed(folder, ['checkpoint', 'create', text, '--debug'], line, 1);
      const { checkpoints } = await folder.json<{ checkpoints: Checkpoint[] }>('checkpoint', 'list');
      const taken = checkpoints.find(({ descriptions }) => descriptions[0] === text);
      if (taken) assert.deepEqual([taken.machines.length, taken.contents], [2, ['disk', 'ram']], text);
      await folder.ok('apply', '--yes');
      assert.equal((await folder.json<{ changes: number }>('plan')).changes, 0, text);
      if (taken) await folder.ok('checkpoint', 'restore', text);
      for (const name of ['web', 'db']) assert.equal(await asRoot([], name, 'cat /dev/shm/text'), text);
    }
  });
});

describe('forks in a script', () => {
  let folder: LabFolder;
  const tiny = { memory: '256 MiB', cpus: 1 } as const;

  before(async () => {
    process.env.GOQEMU_HOME = e2eHome;
    folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'forked' }, (lab) => {
  const web = lab.vm('web', ${JSON.stringify({ ...tiny, image: await tinyImage(), user: 'debian', forward: { http: 80 } })})
    .run('mark', 'echo ready > /root/mark').checkpoint('ready');
  return { url: web.forwarded.http };
});
`);
  });
  after(() => folder[Symbol.asyncDispose]());

  test('a lab is opened, applied, forked; the fork goes with its block and the lab stays', async () => {
    await using lab = await openLab(folder.path);
    const { url } = await lab.apply();
    assert.equal((await lab.plan()).changes, 0);
    const mark = async (one: RunningLab, text: string) => {
      const script = `cat /root/mark; echo ${text} > /root/mark`;
      return (await one.machine('web').sendCommand(script, { sudo: true, check: true })).stdout.trim();
    };
    {
      await using forks = await lab.forks('ready', 2);
      assert.deepEqual(await Promise.all(forks.map((fork) => mark(fork, fork.stack))), ['ready', 'ready']);
      const [first] = forks;
      assert.ok(first, 'two forks were made');
      await first.checkpoint('tried');
      {
        await using inner = await first.fork('tried');
        assert.equal(await mark(inner, 'inner'), first.stack);
      }
      await first.restore('ready');
      assert.equal(await mark(first, 'again'), 'ready');
      const { http } = await first.machine('web').forwards();
      assert.deepEqual((await first.status()).outputs, { url: `http://127.0.0.1:${http}` });
      assert.notEqual(url, `http://127.0.0.1:${http}`);
      assert.equal((await lab.status()).forks.length, 2);
    }
    assert.deepEqual((await lab.status()).forks, []);
    assert.equal((await labFolders()).length, 1);
    assert.equal(await mark(lab, 'original'), 'ready');
    assert.equal((await lab.machine('web').sendCommand('exit 3')).exitCode, 3);
    await assert.rejects(lab.machine('mail').sendCommand('true'), { code: 'machine-unknown' });
  });

  test('the fork of a script that was killed is removed by the next command', async () => {
    const program = join(projectFolder(), 'fork-work.mts');
    await copyFile(worker, program);
    const child = spawn(process.execPath, [...runTypeScript, program], {
      cwd: folder.path,
      env: { ...process.env, ...folder.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.once('data', () => child.kill('SIGKILL'));
    const signal = await new Promise((resolve) => child.once('close', (_code, name) => resolve(name)));
    assert.equal(signal, 'SIGKILL');
    assert.ok(existsSync(folder.file('.goqemu/forked/left')));
    await folder.ok('checkpoint', 'create', 'next');
    assert.ok(!existsSync(folder.file('.goqemu/forked/left')));
    assert.equal((await labFolders()).length, 1);
  });

  test('a VM is forked: others of its kind, with names and ports of their own, that are gone with their block', async () => {
    const image = await tinyImage();
    await using vm = await createVM({ ...tiny, image, user: 'debian', network: 'user', forward: { http: 80 } });
    await vm.start();
    await vm.sendCommand(`echo ready > /root/mark; ${counter}`, { sudo: true, check: true });
    const { id } = await vm.createSnapshot('ready');
    const before = (await standaloneVms()).length;
    {
      const made = await Promise.all([vm.fork(id), vm.fork(id)]);
      await using one = made[0];
      await using two = made[1];
      const all = [vm, one, two];
      for (const each of all)
        await each.sendCommand(`echo ${each.name} >> /root/mark; hostname >> /root/mark`, { sudo: true, check: true });
      for (const each of all) {
        const { stdout } = await each.sendCommand('cat /root/mark', { sudo: true });
        assert.equal(stdout, `ready\n${each.name}\n${each.name}\n`);
      }
      const ports = await Promise.all(all.map(async (each) => (await each.status()).forwards.http));
      assert.equal(new Set(ports).size, 3);
      const inner = await one.createSnapshot('inner');
      await using third = await one.fork(inner.id);
      assert.match((await third.sendCommand('cat /root/mark', { sudo: true })).stdout, new RegExp(one.name));
      await assert.rejects(vm.fork('123456789abc'), { code: 'snapshot-unknown' });
    }
    assert.equal((await standaloneVms()).length, before);
    assert.equal((await vm.sendCommand('head -1 /root/mark', { sudo: true })).stdout, 'ready\n');
  });
});

async function standaloneVms(): Promise<readonly string[]> {
  return readdir(join(e2eHome, 'labs/standalone'));
}

/** Folders of this lab and its forks. */
async function labFolders(): Promise<readonly string[]> {
  return (await readdir(join(e2eHome, 'labs'))).filter((name) => name.startsWith('forked-'));
}

/** QEMUs of this lab and its forks. */
async function processes(): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => /qemu-system/.test(line) && line.includes(join(e2eHome, 'labs/forked-'))).length;
}

/** Runs a command and kills it with SIGKILL when its log has said something. */
async function killed(folder: LabFolder, args: readonly string[], line: RegExp, times: number): Promise<void> {
  const child = spawn(process.execPath, [goqemuCommand, ...args], {
    cwd: folder.path,
    env: { ...process.env, ...folder.env, NO_COLOR: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.split('\n').filter((one) => line.test(one)).length >= times) child.kill('SIGKILL');
  });
  const signal = await new Promise((resolve) => child.once('close', (_code, name) => resolve(name)));
  assert.equal(signal, 'SIGKILL', `${line.source} was not reached\n${said}`);
}
