import { randomBytes } from 'node:crypto';
import type { Server } from 'node:net';

/** What the start time of an identity begins with that is a sign of life. */
const mark = 'pipe:';

/** In a file of its own: commands on other systems do without the module for sockets. */
const namedPipe = () => import('./named-pipe.ts');

/** Where Windows has its named pipes; replaced in tests. */
const windowsPipe = (name: string) => `\\\\.\\pipe\\${name}`;

/**
 * A named pipe with a name that nothing else has, open for as long as this process lives: the kernel removes it with the
 * process, however that ends. Others see by it that a process lives without asking for the list of all processes, which
 * takes Windows a second, and whatever the clock or the time zone says.
 */
export class SignOfLife {
  readonly #place: (name: string) => string;
  #own: Promise<string> | undefined;
  #server: Server | undefined;

  constructor(place: (name: string) => string = windowsPipe) {
    this.#place = place;
  }

  /** Whether a start time is one that `own` gave. */
  static isOne(startTime: string): boolean {
    return startTime.startsWith(mark);
  }

  /** This process's, which is given from now on; it keeps no process running. */
  own(pid: number): Promise<string> {
    this.#own ??= this.#give(pid);
    return this.#own;
  }

  /** Whether the process that has this sign lives. */
  async lives(startTime: string): Promise<boolean> {
    const { isPipeThere } = await namedPipe();
    return isPipeThere(this.#place(startTime.slice(mark.length)));
  }

  /** Ends the sign before the process ends; for tests. */
  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#server) this.#server.close(() => resolve());
      else resolve();
    });
  }

  async #give(pid: number): Promise<string> {
    const { openPipe } = await namedPipe();
    const name = `goqemu-${pid}-${randomBytes(8).toString('hex')}`;
    const server = await openPipe(this.#place(name));
    this.#server = server;
    return `${mark}${name}`;
  }
}
