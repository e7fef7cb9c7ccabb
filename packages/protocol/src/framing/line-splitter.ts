const newline = 0x0a;

/** Node.js strings end near 512 MiB; a line beyond this limit is refused before it eats the memory. */
export const defaultLineLimit = 256 * 2 ** 20;

/**
 * Cuts a stream of bytes into lines at 0x0A, whatever the pieces it came in. Each byte is looked at once and
 * copied at most once, so the work is linear for a line of any length. The newline is not part of the line.
 */
export class LineSplitter {
  readonly #limit: number;
  readonly #onLine: (line: Buffer) => void;
  #pieces: Buffer[] = [];
  #held = 0;

  /** @param limit greatest length of a line, in bytes */
  constructor(onLine: (line: Buffer) => void, limit = defaultLineLimit) {
    this.#onLine = onLine;
    this.#limit = limit;
  }

  /** Bytes of the line that has begun and not ended. */
  get pending(): number {
    return this.#held;
  }

  /**
   * Takes the next piece.
   * @returns false when a line is longer than the limit; the splitter then holds nothing any more
   */
  push(piece: Buffer): boolean {
    let start = 0;
    for (;;) {
      const end = piece.indexOf(newline, start);
      const length = (end < 0 ? piece.length : end) - start;
      if (this.#held + length > this.#limit) {
        this.#pieces = [];
        this.#held = 0;
        return false;
      }
      if (end < 0) {
        if (length > 0) this.#hold(piece.subarray(start));
        return true;
      }
      this.#onLine(this.#complete(piece.subarray(start, end)));
      start = end + 1;
    }
  }

  #hold(rest: Buffer): void {
    this.#pieces.push(rest);
    this.#held += rest.length;
  }

  #complete(last: Buffer): Buffer {
    if (this.#held === 0) return last;
    const line = Buffer.concat([...this.#pieces, last], this.#held + last.length);
    this.#pieces = [];
    this.#held = 0;
    return line;
  }
}
