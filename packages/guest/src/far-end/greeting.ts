import { randomBytes } from 'node:crypto';

/** What the far end is asked for: frames, to be on standby for a cut, or to end. */
export type GreetingMode = 'frames' | 'standby' | 'quit';

/** The version of the protocol; a far end that was left in a layer's RAM may speak an older one. */
export const protocolVersion = 3;

const hello = Buffer.from('\0goqemu\n', 'latin1');
const welcome = Buffer.from('\0GOQEMU\n', 'latin1');
const nonceBytes = 16;
const modes: Record<GreetingMode, string> = { frames: 'f', standby: 's', quit: 'q' };

/** Bytes of an earlier session that are passed over: QEMU and the guest hold much less. */
const maxStale = 4 * 2 ** 20;

/**
 * A host's opening words, and the wait for the answer to them. The port may still hold bytes of an earlier session, or of
 * the session that was under way when the RAM was cut: all that comes ahead of the answer to this very nonce is dropped.
 */
export class Greeting {
  readonly #nonce: Buffer;
  readonly #mode: GreetingMode;
  #seen: Buffer = Buffer.alloc(0);
  #passed = 0;
  #version: number | undefined;

  constructor(mode: GreetingMode, nonce: Buffer = freshNonce()) {
    this.#mode = mode;
    this.#nonce = nonce;
  }

  /** To be sent again while there is no answer: the first may have been taken for the end of an earlier session's frame. */
  get bytes(): Buffer {
    return Buffer.concat([hello, Buffer.of(protocolVersion), Buffer.from(modes[this.#mode]), this.#nonce]);
  }

  /** Begins each frame of the session. */
  get tag(): Buffer {
    return this.#nonce.subarray(0, 4);
  }

  /** Version of the far end; undefined until it has answered. */
  get version(): number | undefined {
    return this.#version;
  }

  /** True when more has come than an earlier session can have left. */
  get isDrowned(): boolean {
    return this.#passed > maxStale;
  }

  /** @returns what follows the answer, once that is there */
  push(bytes: Buffer): Buffer | undefined {
    const seen = Buffer.concat([this.#seen, bytes]);
    const size = welcome.length + 1 + nonceBytes;
    for (let at = seen.indexOf(welcome); at >= 0; at = seen.indexOf(welcome, at + 1)) {
      if (seen.length - at < size) break;
      if (!seen.subarray(at + welcome.length + 1, at + size).equals(this.#nonce)) continue;
      this.#version = seen[at + welcome.length];
      return seen.subarray(at + size);
    }
    this.#passed += bytes.length;
    this.#seen = Buffer.from(seen.subarray(Math.max(0, seen.length - size + 1)));
    return undefined;
  }
}

/** Its first byte is never that of a greeting, so that a frame cannot be taken for one. */
function freshNonce(): Buffer {
  const nonce = randomBytes(nonceBytes);
  nonce[0] = (nonce[0] ?? 0) | 0x80;
  return nonce;
}
