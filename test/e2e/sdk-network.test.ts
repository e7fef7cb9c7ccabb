import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectFolder, runTypeScript } from '../installed-package.ts';
import { type CommandRun, runCommand } from '../run-command.ts';
import { e2eHome, goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

test('with passt the VM has the address of its host, its SSH works, a snapshot too, and passt ends with the VM', async () => {
  const image = await tinyImage();
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
  const image = await tinyImage();
  await using network = await Namespace.make();
  const empty = join(network.folder, 'bin');
  await mkdir(empty);
  const script = `
    const config = ${JSON.stringify({ image, memory: '256 MiB', cpus: 1 })};
    process.env.PATH = ${JSON.stringify(empty)};
    const qemuPath = '/usr/bin/qemu-system-x86_64';
    await using vm = await createVM(config, { qemuPath });
    const { kind, reason } = (await vm.status()).network;
    console.log(kind, reason);
    await createVM({ ...config, network: 'host' }, { qemuPath }).catch((error) => console.log(error.code, error.detail));
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

test('where the default route goes over a bridge that may be used, the VM is on it with an address of its own', async () => {
  const image = await tinyImage();
  await using network = await Namespace.make();
  await network.ip('link', 'add', 'br0', 'type', 'bridge');
  await network.ip('addr', 'add', '10.92.0.1/24', 'dev', 'br0');
  await network.ip('link', 'set', 'br0', 'up');
  await network.ip('route', 'replace', 'default', 'via', '10.92.0.254', 'dev', 'br0');
  const leases = '/var/lib/misc/dnsmasq.leases';
  const body = `
    await using vm = await createVM(${JSON.stringify({ image, memory: '256 MiB', cpus: 1 })});
    await vm.start();
    await vm.sendCommand('until ip -4 addr show dev eth1 | grep -q inet; do busybox usleep 50000; done', { check: true });
    const { kind, reason } = (await vm.status()).network;
    console.log(kind, reason);
    const { address, ...how } = await vm.ip();
    console.log(/^10\\.92\\.0\\.5\\d$/.test(address), JSON.stringify(how));
    const banner = async () => {
      const socket = connect(22, address);
      const [bytes] = await once(socket, 'data');
      socket.destroy();
      return bytes.toString().slice(0, 8);
    };
    console.log(await banner());
    await vm.sendCommand('killall qemu-ga; mv /usr/sbin/qemu-ga /usr/sbin/qemu-ga.away', { sudo: true });
    const lease = await vm.ip();
    console.log(lease.address === address, lease.foundBy);
    await rm(${JSON.stringify(leases)});
    const arp = await vm.ip();
    console.log(arp.address === address, arp.foundBy);
    const snapshot = await vm.createSnapshot('on the bridge');
    await vm.restoreSnapshot(snapshot.id);
    console.log(await banner(), (await vm.sendCommand('echo restored')).stdout.trim());
  `;
  const run = await network.script(body, {
    before: `mount -t tmpfs none /etc/qemu
      echo 'allow br0' > /etc/qemu/bridge.conf
      mount -t tmpfs none /var/lib/misc`,
    beside: `dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root --pid-file \
      --interface=br0 --bind-interfaces --dhcp-range=10.92.0.50,10.92.0.59 --dhcp-leasefile=${leases}`,
  });
  assert.deepEqual(
    run.stdout.split('\n'),
    [
      "bridge the host's network is on br0, which /usr/lib/qemu/qemu-bridge-helper may use",
      'true {"foundBy":"guest-agent","direct":true}',
      'SSH-2.0-',
      'true lease',
      'true arp',
      'SSH-2.0- restored',
      '',
    ],
    run.stderr,
  );
});

test('a machine of a lab on the host’s network has its address, in the guest and in the status, and keeps it over a restore', async () => {
  await using network = await Namespace.make();
  const machine = { image: await tinyImage(), user: 'debian', memory: '256 MiB', cpus: 1, network: 'host' };
  await using folder = await LabFolder.make(`
    import { defineLab } from 'goqemu';
    export default defineLab({ name: 'hosted' }, (lab) => {
      lab.vm('web', ${JSON.stringify(machine)}).run('note', 'echo kept > /root/note').checkpoint('ready');
    });`);
  const inside = async (...words: string[]) => {
    const run = await network.run(goqemuCommand, words, folder.path);
    assert.equal(run.code, 0, run.stderr);
    return run.stdout;
  };
  const address = async () => JSON.parse(await inside('status', '--json')).machines[0].ip;
  await inside('apply', '--yes');
  assert.equal(await address(), '10.91.0.1');
  assert.match(await inside('exec', 'web', '--', 'ip', '-4', 'addr'), /inet 10\.91\.0\.1\//);
  await inside('checkpoint', 'restore', 'ready');
  assert.equal(await inside('exec', 'web', '--', 'sudo', 'cat', '/root/note'), 'kept\n');
  assert.equal(await address(), '10.91.0.1');
  assert.equal(JSON.parse(await inside('plan', '--json')).changes, 0);
  await network.ip('route', 'del', 'default');
  const closed = await network.run(goqemuCommand, ['plan'], folder.path);
  assert.match(`${closed.stdout}${closed.stderr}`, /no IPv4 default route, so passt has no address to share/);
  await inside('destroy', '--yes');
  assert.equal(await network.processes('passt'), '');
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
    const made = new Namespace(`goqemu-${randomBytes(3).toString('hex')}`, projectFolder());
    await ip('netns', 'add', made.#name);
    try {
      await made.ip('link', 'set', 'lo', 'up');
      await made.ip('link', 'add', 'nowhere', 'type', 'veth', 'peer', 'name', 'elsewhere');
      await made.ip('link', 'set', 'elsewhere', 'up');
      await made.ip('addr', 'add', '10.91.0.1/24', 'dev', 'nowhere');
      await made.ip('link', 'set', 'nowhere', 'up');
      await made.ip('route', 'add', 'default', 'via', '10.91.0.254');
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
    return made;
  }

  /** Changes the network from inside. */
  async ip(...words: string[]): Promise<void> {
    await ip('netns', 'exec', this.#name, 'ip', ...words);
  }

  /**
   * Runs a program in this network, with mounts of its own.
   *
   * @param around what the shell does `before`, and a program that runs `beside` it
   */
  async script(body: string, around: { before?: string; beside?: string } = {}): Promise<CommandRun> {
    const file = join(this.folder, 'script.mts');
    const imports = [
      "import { once } from 'node:events';",
      "import { rm } from 'node:fs/promises';",
      "import { connect } from 'node:net';",
      "import { createVM } from 'goqemu';",
    ];
    await writeFile(file, `${imports.join('\n')}\n${body}`);
    const beside = around.beside ? `${around.beside} >&2 & beside=$!; trap 'kill $beside' EXIT` : '';
    const shell = `set -e\n${around.before ?? ''}\n${beside}\n"$@"`;
    const words = ['sh', '-c', shell, 'sh', process.execPath, ...runTypeScript, file];
    return runCommand('ip', ['netns', 'exec', this.#name, ...words], {
      cwd: this.folder,
      env: { GOQEMU_HOME: e2eHome },
    });
  }

  /** Runs a program in this network. */
  run(program: string, words: readonly string[], cwd: string): Promise<CommandRun> {
    return runCommand('ip', ['netns', 'exec', this.#name, program, ...words], { cwd, env: { GOQEMU_HOME: e2eHome } });
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
