/** Which processes of the guest a command is. */
export interface StartedProcess {
  readonly group: number;
  readonly pid: number;
}

/**
 * Takes the wrapper's announcement out of an output: `\x01TOKEN GROUP PID\x01`.
 * What a login shell's start files print ahead of it is passed on.
 */
export class StartAnnouncement {
  readonly #head: Buffer;
  #held: Buffer = Buffer.alloc(0);
  #started: StartedProcess | undefined;

  constructor(nonce: string) {
    this.#head = Buffer.from(`\x01${nonce} `, 'latin1');
  }

  /** Undefined until the command has started. */
  get started(): StartedProcess | undefined {
    return this.#started;
  }

  /** Takes a chunk in, gives back what of it is the command's. */
  push(chunk: Buffer): Buffer {
    if (this.#started) return chunk;
    const seen = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = seen.indexOf(this.#head);
    const end = at < 0 ? -1 : seen.indexOf(1, at + this.#head.length);
    if (end >= 0) {
      const [group, pid] = seen
        .toString('latin1', at + this.#head.length, end)
        .split(' ')
        .map(Number);
      this.#started = { group: group ?? 0, pid: pid ?? 0 };
      this.#held = Buffer.alloc(0);
      return Buffer.concat([seen.subarray(0, at), seen.subarray(end + 1)]);
    }
    // Hold back what may be the beginning of the announcement: at most its head's length at the end.
    const from = at >= 0 ? at : seen.indexOf(1, Math.max(0, seen.length - this.#head.length));
    this.#held = from >= 0 ? Buffer.from(seen.subarray(from)) : Buffer.alloc(0);
    return seen.subarray(0, seen.length - this.#held.length);
  }

  /** What was held back in case it became the announcement. */
  flush(): Buffer {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }
}
