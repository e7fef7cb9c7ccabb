import { prefixBytes } from '../frames/frame-reader.ts';

const smallest = 64 * 1024;
/** Bytes written at once: they count as waiting until all of them have left. */
const longestPiece = 128 * 1024;

/**
 * Bytes that are on their way to one port: a ring of whole frames, each with its length before it, ready to be written
 * as they lie. It grows up to its limit and never beyond; what does not fit is dropped (drop-tail).
 *
 * So that a flood from one port leaves room for the others, a source may hold as many bytes as are free (dynamic
 * thresholds with α = 1; Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998): one alone gets half of
 * the ring, two get a third each.
 */
export class EgressQueue {
  readonly limit: number;
  #ring: Buffer;
  #head = 0;
  #length = 0;
  /** Bytes from the head that are being written, and stay until that is done. */
  #writing = 0;
  /** Bytes from the head to the first frame that begins there: its own beginning was written at the end of the ring. */
  #begun = 0;
  /** What {@link #begun} is once what is being written was. */
  #begunNext = 0;
  /** Bytes that each source holds, by its number. */
  readonly #held: number[] = [];
  /** Source and bytes of each stretch, in order, from `#first` on. */
  #stretches: number[] = [];
  #first = 0;

  /** @param limit bytes; a power of two, at least 64 KiB */
  constructor(limit = 2 ** 20) {
    this.limit = limit;
    this.#ring = Buffer.alloc(Math.min(smallest, limit));
  }

  /** Bytes that wait or are being written. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that it takes. */
  get capacity(): number {
    return this.#ring.length;
  }

  /** True while what {@link take} gave is being written. */
  get isWriting(): boolean {
    return this.#writing > 0;
  }

  /**
   * Copies frames that lie one after another, with their lengths. All of them, or as many as there is room for.
   *
   * @returns frames that were dropped
   */
  append(source: number, bytes: Buffer, start: number, end: number): number {
    const room = this.limit - this.#length - (this.#held[source] ?? 0);
    if (end - start <= room / 2) {
      this.#copy(source, bytes, start, end);
      return 0;
    }
    let dropped = 0;
    for (let at = start; at < end; ) {
      const next = at + prefixBytes + bytes.readUInt32BE(at);
      if ((this.#held[source] ?? 0) + next - at <= this.limit - this.#length) this.#copy(source, bytes, at, next);
      else dropped += 1;
      at = next;
    }
    return dropped;
  }

  /** The next bytes to write, in one piece; undefined when there are none. Only one piece is out at a time. */
  take(): Buffer | undefined {
    if (this.#length === 0 || this.#writing > 0) return undefined;
    const straight = this.#ring.length - this.#head;
    this.#writing = Math.min(this.#length, straight, longestPiece);
    this.#begunNext = this.#writing === this.#length ? 0 : this.#frameEnd(this.#writing) - this.#writing;
    return this.#ring.subarray(this.#head, this.#head + this.#writing);
  }

  /** What {@link take} gave was written. */
  written(): void {
    this.#release(this.#writing);
    this.#writing = 0;
    this.#begun = this.#begunNext;
  }

  /** Drops what waits, except for the rest of a frame of which a part was given out; returns the frames. */
  drop(): number {
    const kept = this.#writing > 0 ? this.#writing + this.#begunNext : this.#begun;
    let dropped = 0;
    for (let at = kept; at < this.#length; at = this.#nextFrame(at)) dropped += 1;
    this.#length = kept;
    this.#held.length = 0;
    this.#stretches = [];
    this.#first = 0;
    if (kept > 0) this.#account(0, kept);
    return dropped;
  }

  /** Drops everything: the connection that it was meant for is gone. */
  clear(): void {
    this.#writing = 0;
    this.#begun = 0;
    this.drop();
    this.#head = 0;
    // A piece that a closed connection still holds must not be written into.
    this.#ring = Buffer.alloc(Math.min(smallest, this.limit));
  }

  /** Where the frame ends that the place so many bytes after the head is in; the place itself between two frames. */
  #frameEnd(place: number): number {
    let at = this.#begun;
    while (at < place) at = this.#nextFrame(at);
    return at;
  }

  /** The place of the frame after the one at this place, both counted from the head. */
  #nextFrame(at: number): number {
    const mask = this.#ring.length - 1;
    let size = 0;
    for (let index = 0; index < prefixBytes; index += 1)
      size = size * 256 + (this.#ring[(this.#head + at + index) & mask] as number);
    return at + prefixBytes + size;
  }

  #copy(source: number, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    if (this.#length + size > this.#ring.length) this.#grow(this.#length + size);
    const ring = this.#ring;
    const tail = (this.#head + this.#length) & (ring.length - 1);
    const straight = Math.min(size, ring.length - tail);
    bytes.copy(ring, tail, start, start + straight);
    if (straight < size) bytes.copy(ring, 0, start + straight, end);
    this.#length += size;
    this.#account(source, size);
  }

  #account(source: number, size: number): void {
    this.#held[source] = (this.#held[source] ?? 0) + size;
    const last = this.#stretches.length - 2;
    if (last >= this.#first && this.#stretches[last] === source)
      this.#stretches[last + 1] = (this.#stretches[last + 1] as number) + size;
    else this.#stretches.push(source, size);
  }

  #release(bytes: number): void {
    this.#head = (this.#head + bytes) & (this.#ring.length - 1);
    this.#length -= bytes;
    for (let left = bytes; left > 0; ) {
      const source = this.#stretches[this.#first] as number;
      const size = this.#stretches[this.#first + 1] as number;
      const freed = Math.min(size, left);
      this.#held[source] = (this.#held[source] as number) - freed;
      left -= freed;
      if (freed < size) this.#stretches[this.#first + 1] = size - freed;
      else this.#first += 2;
    }
    if (this.#length === 0) {
      this.#head = 0;
      this.#stretches.length = 0;
      this.#first = 0;
    } else if (this.#first > 1024) {
      this.#stretches.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** What is being written keeps its old memory, which is not written into again. */
  #grow(needed: number): void {
    let capacity = this.#ring.length;
    while (capacity < needed) capacity *= 2;
    const ring = Buffer.alloc(capacity);
    const straight = Math.min(this.#length, this.#ring.length - this.#head);
    this.#ring.copy(ring, 0, this.#head, this.#head + straight);
    this.#ring.copy(ring, straight, 0, this.#length - straight);
    this.#ring = ring;
    this.#head = 0;
  }
}
