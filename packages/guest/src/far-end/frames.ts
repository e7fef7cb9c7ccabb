import { GoqemuError } from '@goqemu/core';

/**
 * What goes over the port once both sides have greeted each other: frames of 12 bytes and a payload. The session's tag
 * tells them from what an earlier session left in the port; the number of a stream is given by the host and not used
 * twice in a session.
 *
 *     0      4        8      9   10       12
 *     | tag  | stream | type | 0 | length | payload …
 */
export const headerBytes = 12;
/** Longest payload; all lengths are checked against it before anything is kept. */
export const maxPayload = 32 * 1024;
/** Bytes that a stream's sender may have under way in each direction until it is given more. */
export const streamWindow = 256 * 1024;

/** From the host. `openAs` is `open` for another user than the session's, as sudo would start it. */
export const request = { open: 1, input: 2, endOfInput: 3, credit: 4, close: 5, ping: 6, openAs: 8 } as const;
/** From the guest. */
export const answer = {
  pong: 7,
  stdout: 16,
  stderr: 17,
  exit: 18,
  closed: 19,
  credit: 20,
  refused: 21,
  goodbye: 22,
  started: 23,
} as const;

export interface Frame {
  readonly stream: number;
  readonly type: number;
  readonly payload: Buffer;
}

export function encodeFrame(tag: Uint8Array, { stream, type, payload }: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + payload.length);
  bytes.set(tag, 0);
  bytes.writeUInt32BE(stream, 4);
  bytes.writeUInt16BE(type << 8, 8);
  bytes.writeUInt16BE(payload.length, 10);
  bytes.set(payload, headerBytes);
  return bytes;
}

/** Cuts what arrives into frames. At most one frame is held. */
export class FrameReader {
  readonly #tag: Buffer;
  readonly #receive: (frame: Frame) => void;
  #held: Buffer = Buffer.alloc(0);

  /** @param tag the session's, of four bytes */
  constructor(tag: Buffer, receive: (frame: Frame) => void) {
    this.#tag = tag;
    this.#receive = receive;
  }

  /** @throws GoqemuError `far-end-garbled` for what is no frame of this session */
  push(bytes: Buffer): void {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    let at = 0;
    while (all.length - at >= headerBytes) {
      if (!all.subarray(at, at + 4).equals(this.#tag)) throw garbled('a frame of another session');
      const length = all.readUInt16BE(at + 10);
      if (length > maxPayload) throw garbled(`a frame of ${length} bytes`);
      if (all[at + 9] !== 0) throw garbled('a frame with an unknown flag');
      if (all.length - at - headerBytes < length) break;
      const payload = all.subarray(at + headerBytes, at + headerBytes + length);
      this.#receive({ stream: all.readUInt32BE(at + 4), type: all.readUInt8(at + 8), payload });
      at += headerBytes + length;
    }
    this.#held = Buffer.from(all.subarray(at)); // a copy: what it was part of may be large
  }
}

/** The far end broke the protocol; whatever runs there, nothing of it is believed any more. */
export function garbled(what: string): GoqemuError {
  return new GoqemuError({
    code: 'far-end-garbled',
    source: 'environment',
    message: `the guest sent ${what} over the port by which goqemu runs commands`,
    hint: 'the next command opens the port again, or uses SSH; goqemu restart starts the program in the guest again',
  });
}
