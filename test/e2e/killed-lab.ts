import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { OwnHome } from './host-traces.ts';
import { goqemuCommand, LabFolder } from './lab-folder.ts';

/** What the lab says at the moment. */
export interface LabModel {
  /** Content that the template's step writes; every machine stands on it. */
  one: number;
  /** Content that web's last step writes. */
  two: number;
  /** MiB that web has. */
  memory: number;
  box: boolean;
}

/** When to kill: at the start of that line of the event stream, and so many milliseconds later. */
export interface Moment {
  readonly line: number;
  readonly delayMs: number;
}

interface Status {
  readonly machines: readonly { readonly name: string; readonly state: string; readonly ssh: { port: number } }[];
}

/** A lab of a template and one or two machines, in a home of its own, whose applies are killed. */
export class KilledLab implements AsyncDisposable {
  readonly home: OwnHome;
  readonly folder: LabFolder;
  readonly #image: string;

  private constructor(home: OwnHome, folder: LabFolder, image: string) {
    this.home = home;
    this.folder = folder;
    this.#image = image;
  }

  static async open(image: string): Promise<KilledLab> {
    const home = await OwnHome.make();
    const folder = await LabFolder.make("export { default } from 'goqemu';", home.env);
    return new KilledLab(home, folder, image);
  }

  write({ one, two, memory, box }: LabModel): Promise<void> {
    return this.folder.write(`
import { defineLab, sh } from 'goqemu';
export default defineLab({ name: 'killed' }, (lab) => {
  const small = { accelerator: 'tcg', memory: '256 MiB', cpus: 1 } as const;
  const base = lab
    .template('base', { image: ${JSON.stringify(this.#image)}, user: 'debian', ...small })
    .run('one', 'echo ${one} > /root/one')
    .checkpoint('one');
  const web = lab
    .vm('web', { from: base.at.one, forward: { http: 80 }, ...small, memory: '${memory} MiB' })
    .capture('token', 'echo token-$(cat /root/one)')
    .run('two', 'echo ${two} > /root/two');
  ${box ? `lab.vm('box', { from: base.at.one, ...small }).run('use', sh\`echo \${web.out.token} > /root/token\`);` : ''}
  return { token: web.out.token };
});
`);
  }

  /** Runs goqemu and kills it as no process can prevent. @returns whether it had ended by itself before */
  async kill(command: readonly string[], moment: Moment): Promise<boolean> {
    const child = spawn(process.execPath, [goqemuCommand, ...command, '--yes', '--events', '-'], {
      cwd: this.folder.path,
      env: { ...process.env, NO_COLOR: '1', ...this.folder.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once('close', (_code, signal) => resolve(signal)),
    );
    const kill = () => setTimeout(() => child.kill('SIGKILL'), moment.delayMs);
    if (moment.line === 0) kill();
    let lines = 0;
    createInterface({ input: child.stdout }).on('line', () => {
      if (++lines === moment.line) kill();
    });
    return (await ended) === null;
  }

  async planned(): Promise<readonly string[]> {
    const { operations } = await this.folder.json<{
      operations: { action: string; resource: string; reason: string }[];
    }>('plan');
    return operations.map(({ action, resource, reason }) => `${action} ${resource}: ${reason}`);
  }

  /** The guests hold what the lab says, and the host holds the machines of the lab and nothing else. */
  async checkMachines({ one, two, box }: LabModel): Promise<void> {
    const { machines } = await this.folder.json<Status>('status');
    const names = box ? ['box', 'web'] : ['web'];
    assert.deepEqual(
      machines.filter(({ state }) => state === 'running').map(({ name }) => name),
      names,
    );
    assert.equal(await this.#read('web', '/root/one /root/two'), `${one}\n${two}\n`);
    if (box) assert.equal(await this.#read('box', '/root/one /root/token'), `${one}\ntoken-${one}\n`);
    await this.#checkHost(names);
    const ssh = machines.filter(({ state }) => state === 'running').map((machine) => machine.ssh.port);
    assert.equal((await this.home.ports()).length, ssh.length + 1, 'one SSH port for each, and one forward');
    for (const port of ssh) assert.ok((await this.home.ports()).includes(port), `nothing listens on ${port}`);
  }

  async checkNothingLeft(): Promise<void> {
    await this.#checkHost([]);
    assert.deepEqual(await readdir(`${this.home.path}/labs`), [], 'folders of machines');
  }

  async #checkHost(running: readonly string[]): Promise<void> {
    const processes = await this.#settled();
    const guests = processes.map(
      ({ arguments: words }) => /^guest=([^,]+)/.exec(words[words.indexOf('-name') + 1] ?? '')?.[1],
    );
    assert.deepEqual(guests.sort(), running, 'one QEMU for each machine that runs');
    const sockets = new Set((await this.home.runtimeFiles()).map((file) => file.split('/')[1]));
    assert.equal(sockets.size, running.length, `folders of sockets: ${[...sockets].join(', ')}`);
    const disks = (await this.home.files('labs')).filter((file) => /\bdisk-\d+\.qcow2$/.test(file));
    const owners = disks.map((file) => file.split('/')[1]);
    assert.equal(new Set(owners).size, disks.length, `one disk for each machine: ${disks.join(', ')}`);
    // A machine's folder and the state's have a next holder who clears up; in the stores (images, layers, keys) a draft of
    // some hundred bytes may stay beside the whole file until the next collection.
    const temporary = (await this.home.files()).filter(
      (file) => /\.(part|lock)$/.test(basename(file)) || (file.startsWith('labs/') && file.endsWith('.tmp')),
    );
    assert.deepEqual(temporary, [], 'files that were being written');
    const state = await readdir(this.folder.file('.goqemu/killed/default'));
    // A lock whose owner is dead is taken over by the next process.
    const known = /^((state(\.before)?|home)\.json|journal\.before\.ndjson|history\.ndjson|lock)$/;
    assert.deepEqual(
      state.filter((file) => !known.test(file)),
      [],
      'a journal or a draft is left beside the state',
    );
    const layers = await this.home.files('snapshots');
    const whole = new Set(layers.filter((file) => file.endsWith('/manifest.json')).map((file) => file.split('/')[0]));
    const halves = layers.filter((file) => !whole.has(file.split('/')[0] ?? ''));
    assert.deepEqual(halves, [], 'layers without a manifest');
  }

  /** A program that goqemu was just running when it was killed ends by itself. */
  async #settled() {
    const until = Date.now() + 10_000;
    for (;;) {
      const processes = await this.home.processes();
      const others = processes.filter(({ arguments: [program = ''] }) => !/qemu-system/.test(program));
      if (others.length === 0) return processes;
      if (Date.now() > until) assert.fail(`still there: ${others.map((one) => one.arguments.join(' ')).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #read(machine: string, files: string): Promise<string> {
    return (await this.folder.ok('exec', machine, '--', 'sudo', 'sh', '-c', `cat ${files}`)).stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
    await this.home[Symbol.asyncDispose]();
  }
}
