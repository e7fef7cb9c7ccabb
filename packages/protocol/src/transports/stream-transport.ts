import type { Duplex } from 'node:stream';
import type { Transport, TransportEnd } from './transport.ts';

/** Milliseconds that a peer has to take what is still unsent after `close`. */
const lingerMs = 1_000;

/** A transport over any Node.js stream: sockets, pipes, TLS. */
export class StreamTransport implements Transport {
  readonly peer: string;
  readonly closed: Promise<TransportEnd>;
  readonly #stream: Duplex;

  constructor(stream: Duplex, peer: string) {
    this.#stream = stream;
    this.peer = peer;
    let failure: Error | undefined;
    stream.on('error', (error) => {
      failure ??= error;
    });
    // A half-closed peer answers nothing any more: end our side too.
    stream.on('end', () => stream.end());
    this.closed = new Promise((resolve) => {
      const settle = () => resolve(failure ? { error: failure } : {});
      if (stream.closed) settle();
      else stream.once('close', settle);
    });
  }

  onBytes(receiver: (bytes: Buffer) => void): void {
    this.#stream.on('data', receiver);
    this.#stream.resume();
  }

  write(bytes: string | Uint8Array): void {
    if (this.#stream.writable) this.#stream.write(bytes);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  async close(): Promise<void> {
    if (!this.#stream.closed) {
      this.#stream.resume();
      this.#stream.end(() => this.#stream.destroy());
      const timer = setTimeout(() => this.#stream.destroy(), lingerMs);
      await this.closed;
      clearTimeout(timer);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
