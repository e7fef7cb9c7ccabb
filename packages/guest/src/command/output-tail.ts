/** The end of an output, in bounded memory. */
export class OutputTail {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #truncated = false;

  /** @param limit in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length > this.#limit) {
      this.#truncated = true;
      const first = this.#chunks[0];
      if (!first) return;
      const excess = this.#length - this.#limit;
      if (first.length <= excess) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(excess);
      this.#length -= Math.min(first.length, excess);
    }
  }

  /** As UTF-8; a character that was cut in two at the beginning is left out. */
  text(): string {
    const bytes = Buffer.concat(this.#chunks);
    let start = 0;
    while (this.#truncated && start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
    return bytes.toString('utf8', start);
  }
}
