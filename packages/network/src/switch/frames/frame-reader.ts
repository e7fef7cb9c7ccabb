import { headerBytes } from './ethernet.ts';

/** Bytes of the length before each frame: big-endian (QEMU, net/stream.c; `-netdev stream` and `socket`). */
export const prefixBytes = 4;

/** The longest frame that QEMU itself takes from a stream: NET_BUFSIZE of include/net/net.h. */
export const longestFrame = 4096 + 65536;

/**
 * Gets whole frames, which stay until `push` returns: `at` is the first byte of the first, the 4 bytes of its length are
 * before that. Most often it is one; those of a bulk transfer that lie one after another with the same length and header
 * come at once, as looking at each would cost more than all else that is done with it.
 */
export type FrameListener = (bytes: Buffer, at: number, end: number, frames: number) => void;

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
  #viewed: Buffer | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

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
    const view = this.#viewOf(bytes);
    while (length - at >= prefixBytes) {
      const size = view.getUint32(at);
      if (size > longestFrame) return false;
      const step = prefixBytes + size;
      if (at + step > length) break;
      const frames = 1 + alikeAfter(view, at, step, length);
      this.#onFrame(bytes, at + prefixBytes, at + frames * step, frames);
      at += frames * step;
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
    const size = this.#held.readUInt32BE(0);
    if (size > longestFrame) return -1;
    const end = Math.min(at + prefixBytes + size - this.#heldBytes, length);
    this.#hold(bytes, at, end);
    if (this.#heldBytes === prefixBytes + size) {
      const frame = this.#held;
      this.#held = this.#spare;
      this.#spare = frame;
      this.#heldBytes = 0;
      this.#onFrame(frame, prefixBytes, prefixBytes + size, 1);
    }
    return end;
  }

  /** The memory of a socket's pieces is always the same. */
  #viewOf(bytes: Buffer): DataView {
    if (this.#viewed !== bytes) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.#view;
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

/** How many frames after the one whose length is at this place have its length and its header, and are whole. */
function alikeAfter(view: DataView, at: number, step: number, length: number): number {
  if (step < prefixBytes + headerBytes) return 0;
  // The length and all 14 bytes of the header, without a loop: this is done for every frame.
  const one = view.getInt32(at);
  const two = view.getInt32(at + 4);
  const three = view.getInt32(at + 8);
  const four = view.getInt32(at + 12);
  const five = view.getInt32(at + 14);
  let frames = 0;
  for (let next = at + step; next + step <= length; next += step) {
    if (view.getInt32(next) !== one || view.getInt32(next + 4) !== two || view.getInt32(next + 8) !== three) break;
    if (view.getInt32(next + 12) !== four || view.getInt32(next + 14) !== five) break;
    frames += 1;
  }
  return frames;
}
