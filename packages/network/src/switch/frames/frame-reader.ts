/** Bytes of the length before each frame: big-endian (QEMU, net/stream.c; `-netdev stream` and `socket`). */
export const prefixBytes = 4;

/** The longest frame that QEMU itself takes from a stream: NET_BUFSIZE of include/net/net.h. */
export const longestFrame = 4096 + 65536;

/** Gets a whole frame: `at` is its first byte, the 4 bytes of its length are before that. It stays until `push` returns. */
export type FrameListener = (bytes: Buffer, at: number, end: number) => void;

/**
 * Cuts a stream into frames where they lie: only a frame that a piece ends in the middle of is copied. A length beyond
 * {@link longestFrame} means that the stream is out of step, from which it cannot recover.
 */
export class FrameReader {
  readonly #onFrame: FrameListener;
  /** The beginning of a frame whose end has not come yet, with its length. */
  #held: Buffer = Buffer.alloc(2048);
  #heldBytes = 0;
  /** Takes turns with the other, so that a frame made whole stays as it is until the piece has been gone through. */
  #spare: Buffer = Buffer.alloc(2048);

  constructor(onFrame: FrameListener) {
    this.#onFrame = onFrame;
  }

  /** Forgets a frame that has begun: the stream starts again. */
  reset(): void {
    this.#heldBytes = 0;
  }

  /**
   * Takes the next piece, which may be used again afterwards.
   *
   * @returns false when a length is not possible; the connection is then to be closed
   */
  push(bytes: Buffer, length: number): boolean {
    let at = this.#heldBytes > 0 ? this.#complete(bytes, length) : 0;
    if (at < 0) return false;
    while (length - at >= prefixBytes) {
      const size = sizeAt(bytes, at);
      if (size > longestFrame) return false;
      const end = at + prefixBytes + size;
      if (end > length) break;
      this.#onFrame(bytes, at + prefixBytes, end);
      at = end;
    }
    this.#hold(bytes, at, length);
    return true;
  }

  /** Bytes of the piece that went into the frame begun before; -1 when its length is not possible. */
  #complete(bytes: Buffer, length: number): number {
    let at = 0;
    if (this.#heldBytes < prefixBytes) {
      at = Math.min(prefixBytes - this.#heldBytes, length);
      this.#hold(bytes, 0, at);
      if (this.#heldBytes < prefixBytes) return at;
    }
    const size = sizeAt(this.#held, 0);
    if (size > longestFrame) return -1;
    const end = Math.min(at + prefixBytes + size - this.#heldBytes, length);
    this.#hold(bytes, at, end);
    if (this.#heldBytes === prefixBytes + size) {
      const frame = this.#held;
      this.#held = this.#spare;
      this.#spare = frame;
      this.#heldBytes = 0;
      this.#onFrame(frame, prefixBytes, prefixBytes + size);
    }
    return end;
  }

  #hold(bytes: Buffer, from: number, to: number): void {
    if (to <= from) return;
    const needed = this.#heldBytes + to - from;
    if (needed > this.#held.length) {
      const larger = Buffer.alloc(Math.min(Math.max(2 * this.#held.length, needed), prefixBytes + longestFrame));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldBytes, from, to);
    this.#heldBytes = needed;
  }
}

function sizeAt(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
