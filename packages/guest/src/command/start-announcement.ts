/** Which processes of the guest a command is. */
export interface StartedProcess {
  readonly group: number;
  readonly pid: number;
}

/** Bytes of what came ahead that are kept, for an error's words and for an announcement that comes in pieces. */
const kept = 4096;

/**
 * Finds the wrapper's announcement in an output: `TOKEN.GROUP.PID.`. What comes ahead of it is not the command's: a login
 * shell's start files print there, and sudo. It is dropped, and kept for the case that the command never starts.
 */
export class StartAnnouncement {
  readonly #pattern: RegExp;
  #ahead = '';
  #started: StartedProcess | undefined;

  constructor(nonce: string) {
    this.#pattern = new RegExp(`${nonce}\\.(\\d+)\\.(\\d+)\\.`);
  }

  /** Undefined until the command has started. */
  get started(): StartedProcess | undefined {
    return this.#started;
  }

  /** The end of what came ahead of it. */
  get ahead(): string {
    return Buffer.from(this.#ahead, 'latin1').toString('utf8');
  }

  /** Takes a chunk in, gives back what of it is the command's. */
  push(chunk: Buffer): Buffer {
    if (this.#started) return chunk;
    const seen = this.#ahead + chunk.toString('latin1');
    const found = this.#pattern.exec(seen);
    if (!found) {
      this.#ahead = seen.slice(-kept);
      return Buffer.alloc(0);
    }
    this.#started = { group: Number(found[1]), pid: Number(found[2]) };
    this.#ahead = seen.slice(0, found.index).slice(-kept);
    return Buffer.from(seen.slice(found.index + found[0].length), 'latin1');
  }
}
