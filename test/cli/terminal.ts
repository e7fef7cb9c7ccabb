import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How often the screen is looked at, in milliseconds. */
const lookMs = 100;

/** A terminal of its own, driven through a tmux server of its own. */
export class Terminal implements AsyncDisposable {
  readonly #socket = `goqemu-test-${process.pid}-${randomBytes(4).toString('hex')}`;

  /** Starts a command on a terminal of this size. What it wrote stays on the screen when it has ended. */
  static async start(
    command: string,
    options: {
      readonly folder: string;
      readonly env: Readonly<Record<string, string>>;
      readonly columns?: number;
      readonly rows?: number;
    },
  ): Promise<Terminal> {
    const terminal = new Terminal();
    const { folder, env, columns = 100, rows = 30 } = options;
    const settings = Object.entries({ ...env, TERM: 'screen-256color' }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    const shell = `unset CI NO_COLOR; ${command}; printf '\\nended with %s\\n' "$?"; exec sleep 600`;
    await terminal.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      `${columns}`,
      '-y',
      `${rows}`,
      '-c',
      folder,
      ...settings,
      shell,
    );
    return terminal;
  }

  /**
   * What stands on the screen and has scrolled out of it, without trailing spaces; with `colours`, its SGR sequences too;
   * with `visible`, what is on the screen alone.
   */
  async screen(options: { readonly colours?: boolean; readonly visible?: boolean } = {}): Promise<string> {
    return this.#tmux(
      'capture-pane',
      '-p',
      ...(options.visible ? [] : ['-S', '-500']),
      ...(options.colours ? ['-e'] : []),
    );
  }

  /**
   * Waits until the screen shows something.
   *
   * @throws Error with the screen, after `timeoutMs` (default: 30 s)
   */
  async until(pattern: RegExp, timeoutMs = 30_000): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const screen = await this.screen();
      if (pattern.test(screen)) return screen;
      if (Date.now() > deadline) throw new Error(`the screen never showed ${pattern}:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  /** Gives the terminal another size, as a person does who drags its window. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** Types keys, in tmux's names: `y`, `Enter`, `C-c`. */
  async type(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server');
  }

  async #tmux(...args: string[]): Promise<string> {
    return (await run('tmux', ['-L', this.#socket, ...args])).stdout;
  }
}
