import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedPackage, labsFolder } from '../installed-package.ts';
import { type CommandRun, type RunOptions, runCommand } from '../run-command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The installed command, as a user runs it, but for Node.js itself, which is that of the tests. */
export const goqemuCommand = installedPackage.command;

/** Of each test file its own, so that files run side by side and count what they left; images are built once for all. */
export const e2eHome = homeOf(basename(process.argv[1] ?? 'program').replace(/\..*$/, ''));

/** A folder with a lab in it, driven through the command line; disposing of it destroys the lab. */
export class LabFolder implements AsyncDisposable {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #through: readonly string[];

  private constructor(path: string, env: Readonly<Record<string, string>>, through: readonly string[]) {
    this.path = path;
    this.env = env;
    this.#through = through;
  }

  /** @param through a program that runs the command, and its first words */
  static async make(
    source: string,
    env: Readonly<Record<string, string>> = {},
    through: readonly string[] = [],
  ): Promise<LabFolder> {
    const home = { HOME: installedPackage.home, GOQEMU_HOME: e2eHome };
    const lab = new LabFolder(await mkdtemp(join(labsFolder(), 'lab-')), { ...home, ...env }, through);
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
    const [program = process.execPath, ...first] = [...this.#through, process.execPath];
    return runCommand(program, [...first, goqemuCommand, ...args], {
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

function homeOf(name: string): string {
  const [images, home] = [join(root, '.cache/e2e/home/img'), join(root, '.cache/e2e/homes', name)];
  mkdirSync(images, { recursive: true });
  mkdirSync(home, { recursive: true });
  if (!existsSync(join(home, 'img'))) symlinkSync(images, join(home, 'img'), 'junction');
  return home;
}
