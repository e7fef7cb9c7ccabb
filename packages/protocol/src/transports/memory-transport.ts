import type { Transport, TransportEnd } from './transport.ts';

/** The other end of a connection within this process: tests play the server with it. */
export interface MemoryPeer {
  /** Everything that the client has sent. */
  readonly sent: readonly string[];
  /** Called with what the client sends. */
  onSent: (text: string) => void;
  /** True while the client holds reading back. */
  readonly paused: boolean;
  /** Hands bytes to the client at once, unless it holds reading back. */
  deliver(bytes: string | Uint8Array): void;
  end(error?: Error): void;
}

/** A transport without an operating system. */
export function memoryTransport(): { transport: Transport; peer: MemoryPeer } {
  const sent: string[] = [];
  const held: Buffer[] = [];
  let receiver: ((bytes: Buffer) => void) | undefined;
  let paused = false;
  let end: (end: TransportEnd) => void = () => undefined;
  const closed = new Promise<TransportEnd>((resolve) => {
    end = resolve;
  });
  const flush = () => {
    while (receiver && !paused) {
      const bytes = held.shift();
      if (!bytes) return;
      receiver(bytes);
    }
  };
  const peer: MemoryPeer = {
    sent,
    onSent: () => undefined,
    get paused() {
      return paused;
    },
    deliver(bytes) {
      held.push(Buffer.from(bytes as Uint8Array));
      flush();
    },
    end: (error) => end(error ? { error } : {}),
  };
  const close = () => {
    end({});
    return Promise.resolve();
  };
  const transport: Transport = {
    peer: 'memory',
    closed,
    onBytes(next) {
      receiver = next;
      flush();
    },
    write(bytes) {
      const text = Buffer.from(bytes as Uint8Array).toString('latin1');
      sent.push(text);
      peer.onSent(text);
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      flush();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return { transport, peer };
}
