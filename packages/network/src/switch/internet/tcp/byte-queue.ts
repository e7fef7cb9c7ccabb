/** Bytes in their order, in the pieces in which they came. */
export class ByteQueue {
  #pieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** A copy of so many bytes from an offset on. */
  copy(offset: number, count: number): Buffer {
    const target = Buffer.alloc(count);
    let before = 0;
    let filled = 0;
    for (const piece of this.#pieces) {
      if (filled === count) break;
      const from = Math.max(0, offset - before);
      if (from < piece.length) filled += piece.copy(target, filled, from, from + count - filled);
      before += piece.length;
    }
    return target;
  }

  /** Drops so many bytes from the front. */
  drop(count: number): void {
    let left = Math.min(count, this.#length);
    this.#length -= left;
    let whole = 0;
    for (const piece of this.#pieces) {
      if (piece.length > left) break;
      left -= piece.length;
      whole += 1;
    }
    this.#pieces.splice(0, whole);
    const [first] = this.#pieces;
    if (first && left > 0) this.#pieces[0] = first.subarray(left);
  }

  clear(): void {
    this.#pieces = [];
    this.#length = 0;
  }
}
