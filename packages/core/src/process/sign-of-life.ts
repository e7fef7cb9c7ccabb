import { randomBytes } from 'node:crypto';
import type { Server } from 'node:net';
import { systemErrorCode } from '../errors/internal-error.ts';

/** What the start time of an identity begins with that is a sign of life. */
const mark = 'pipe:';

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
    const { connect } = await import('node:net');
    return await new Promise<boolean>((resolve, reject) => {
      const socket = connect(this.#place(startTime.slice(mark.length)));
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', (error) => {
        const code = systemErrorCode(error);
        if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(false);
        // All its instances are taken at this moment, or it is another user's: it is there.
        else if (code === 'EBUSY' || code === 'EPERM' || code === 'EACCES' || code === 'EAGAIN') resolve(true);
        else reject(error);
      });
    });
  }

  /** Ends the sign before the process ends; for tests. */
  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#server) this.#server.close(() => resolve());
      else resolve();
    });
  }

  async #give(pid: number): Promise<string> {
    const { createServer } = await import('node:net');
    const name = `goqemu-${pid}-${randomBytes(8).toString('hex')}`;
    const server = createServer((socket) => {
      socket.on('error', () => undefined); // who looked has gone
      socket.unref();
      socket.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#place(name), resolve);
    });
    server.unref();
    this.#server = server;
    return `${mark}${name}`;
  }
}
