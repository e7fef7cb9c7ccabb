import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The built command, as a user runs it. */
export const goqemuCommand = join(root, 'packages/goqemu/bin/goqemu.js');

/** One for all end-to-end tests: images are built once, and layers are removed with their labs. */
export const e2eHome = join(root, '.cache/e2e/home');

export interface CommandRun {
  readonly code: number | null;
  /** What ended it, when it did not end by itself. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Sees the process while it runs. */
  readonly onSpawn?: (pid: number) => void;
}

/** A folder with a lab in it, driven through the command line; disposing of it destroys the lab. */
export class LabFolder implements AsyncDisposable {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;

  private constructor(path: string, env: Readonly<Record<string, string>>) {
    this.path = path;
    this.env = env;
  }

  static async make(source: string, env: Readonly<Record<string, string>> = {}): Promise<LabFolder> {
    const parent = join(root, '.cache/e2e/labs');
    await mkdir(parent, { recursive: true });
    const lab = new LabFolder(await mkdtemp(join(parent, 'lab-')), { GOQEMU_HOME: e2eHome, ...env });
    await lab.write(source);
    return lab;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Replaces lab.ts, or writes another file beside it. */
  async write(content: string, name = 'lab.ts'): Promise<void> {
    await writeFile(this.file(name), content);
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<CommandRun> {
    return runCommand(process.execPath, [goqemuCommand, ...args], {
      ...options,
      cwd: this.path,
      env: { ...this.env, ...options.env },
    });
  }

  /**
   * Runs a command that must succeed.
   *
   * @throws Error with everything that it wrote
   */
  async ok(...args: string[]): Promise<CommandRun> {
    const run = await this.run(args);
    if (run.code !== 0)
      throw new Error(`goqemu ${args.join(' ')} ended with ${run.code ?? run.signal}\n${run.stdout}\n${run.stderr}`);
    return run;
  }

  /** The document that a command that must succeed prints. */
  async json<T = unknown>(...args: string[]): Promise<T> {
    return JSON.parse((await this.ok(...args, '--json')).stdout) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ok('destroy', '--yes');
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Runs a program to its end and gathers what it writes. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: RunOptions & { readonly cwd?: string } = {},
): Promise<CommandRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    if (child.pid !== undefined) options.onSpawn?.(child.pid);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin?.end(options.input);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
