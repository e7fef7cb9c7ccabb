import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ensureTinyGuest } from 'goqemu/testing';
import { type CommandRun, e2eHome, runCommand } from './lab-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tiny = async () => (await ensureTinyGuest({ cacheFolder: join(root, '.cache/e2e') })).path;

test('with passt the VM has the address of its host, its SSH works, a snapshot too, and passt ends with the VM', async () => {
  const image = await tiny();
  await using network = await Namespace.make();
  const run = await network.script(`
    await using vm = await createVM(${JSON.stringify({ image, memory: '256 MiB', cpus: 1, network: 'host' })});
    await vm.start();
    console.log((await vm.status()).network?.kind, JSON.stringify(await vm.ip()));
    await vm.sendCommand('echo precious > note', { check: true });
    const { id } = await vm.createSnapshot('with the note');
    await vm.sendCommand('rm note', { check: true });
    await vm.restoreSnapshot(id);
    console.log((await vm.sendCommand('cat note')).stdout.trim(), JSON.stringify(await vm.ip()));
    process.kill((await vm.status()).pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    console.log((await vm.status()).state);
  `);
  assert.deepEqual(
    run.stdout.split('\n'),
    [
      'passt {"address":"10.91.0.1","foundBy":"guest-agent","direct":false}',
      'precious {"address":"10.91.0.1","foundBy":"guest-agent","direct":false}',
      'stopped',
      '',
    ],
    run.stderr,
  );
  assert.equal(await network.processes('passt'), '');
});

test('without passt the VM is in user mode and says why, and "host" is refused with what is missing', async () => {
  const image = await tiny();
  await using network = await Namespace.make();
  const empty = join(network.folder, 'bin');
  await mkdir(empty);
  const script = `
    const config = ${JSON.stringify({ image, memory: '256 MiB', cpus: 1 })};
    const host = { platform: { ...hostPlatform(), env: { ...process.env, PATH: ${JSON.stringify(empty)} } } };
    const qemuPath = '/usr/bin/qemu-system-x86_64';
    await using vm = await createVM(config, { ...host, qemuPath });
    const { kind, reason } = (await vm.status()).network;
    console.log(kind, reason);
    await createVM({ ...config, network: 'host' }, { ...host, qemuPath }).catch((error) => console.log(error.code, error.detail));
  `;
  const run = await network.script(script);
  const lines = run.stdout.split('\n');
  assert.match(
    lines[0] ?? '',
    /^user .*passt is not installed \(on Debian and Ubuntu: apt-get install passt\)/,
    run.stderr,
  );
  assert.match(lines[1] ?? '', /^host-network-unavailable/);
});

/** A network of its own, with an address and a default route that lead nowhere. */
class Namespace implements AsyncDisposable {
  readonly folder: string;
  readonly #name: string;

  private constructor(name: string, folder: string) {
    this.#name = name;
    this.folder = folder;
  }

  static async make(): Promise<Namespace> {
    const parent = join(root, '.cache/e2e/labs');
    await mkdir(parent, { recursive: true });
    const made = new Namespace(`goqemu-${randomBytes(3).toString('hex')}`, await mkdtemp(join(parent, 'net-')));
    const inside = ['netns', 'exec', made.#name, 'ip'];
    await ip('netns', 'add', made.#name);
    try {
      await ip(...inside, 'link', 'set', 'lo', 'up');
      await ip(...inside, 'link', 'add', 'nowhere', 'type', 'veth', 'peer', 'name', 'elsewhere');
      await ip(...inside, 'link', 'set', 'elsewhere', 'up');
      await ip(...inside, 'addr', 'add', '10.91.0.1/24', 'dev', 'nowhere');
      await ip(...inside, 'link', 'set', 'nowhere', 'up');
      await ip(...inside, 'route', 'add', 'default', 'via', '10.91.0.254');
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
    return made;
  }

  async script(body: string): Promise<CommandRun> {
    const file = join(this.folder, 'script.mts');
    const imports =
      "import { createVM } from 'goqemu';\nimport { hostPlatform } from '@goqemu/core';\nvoid hostPlatform;\n";
    await writeFile(file, `${imports}${body}`);
    return runCommand('ip', ['netns', 'exec', this.#name, process.execPath, '--import', 'tsx', file], {
      cwd: root,
      env: { GOQEMU_HOME: e2eHome },
    });
  }

  /** Those that are left in the namespace. */
  async processes(name: string): Promise<string> {
    const { stdout } = await runCommand('ip', ['netns', 'pids', this.#name]);
    const left = await Promise.all(
      stdout
        .split('\n')
        .filter(Boolean)
        .map((pid) => runCommand('ps', ['-o', 'args=', '-p', pid])),
    );
    return left
      .map((one) => one.stdout)
      .filter((args) => args.includes(name))
      .join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ip('netns', 'del', this.#name);
    await rm(this.folder, { recursive: true });
    const left = (await readdir(join(e2eHome, 'labs/standalone')).catch(() => [])).filter((name) =>
      name.startsWith('vm-'),
    );
    assert.deepEqual(left, []);
  }
}

async function ip(...words: string[]): Promise<void> {
  const { code, stderr } = await runCommand('ip', words);
  assert.equal(code, 0, stderr);
}
