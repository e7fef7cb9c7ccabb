import type { Writable } from 'node:stream';

/** Puts a prefix before each line that goes to a stream; with an empty one, bytes pass as they are. */
export class LinePrefixer {
  readonly #stream: Writable;
  readonly #prefix: string;
  #rest = Buffer.alloc(0);

  constructor(stream: Writable, prefix: string) {
    this.#stream = stream;
    this.#prefix = prefix;
  }

  write(chunk: Buffer): void {
    if (this.#prefix === '') {
      this.#stream.write(chunk);
      return;
    }
    let pending = Buffer.concat([this.#rest, chunk]);
    // Split on bytes: a character may come in two pieces, a newline cannot be part of one (UTF-8).
    for (let end = pending.indexOf(0x0a); end >= 0; end = pending.indexOf(0x0a)) {
      this.#line(pending.subarray(0, end));
      pending = pending.subarray(end + 1);
    }
    this.#rest = pending;
  }

  /** Writes a last line that has no newline. */
  end(): void {
    if (this.#rest.length > 0) this.#line(this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  #line(line: Buffer): void {
    this.#stream.write(Buffer.concat([Buffer.from(this.#prefix), line, Buffer.from('\n')]));
  }
}
