import type { Socket } from 'node:net';

/** An open descriptor by its number, or a connected socket; either is closed on this side once it was sent. */
export type PassedDescriptor = number | Socket;

/** How a connection ended: without `error` when either side closed it in order. */
export interface TransportEnd {
  readonly error?: Error;
}

/**
 * A two-way stream of bytes to a monitor or an agent. Every client takes one, so a test or another
 * kind of connection can be put in its place.
 */
export interface Transport extends AsyncDisposable {
  /** Whom it speaks to, for messages: a path, `host:port`, … */
  readonly peer: string;
  /** Sets the one receiver; bytes that came earlier are held for it. */
  onBytes(receiver: (bytes: Buffer) => void): void;
  /** Queues bytes in order; does nothing once the connection has ended. */
  write(bytes: string | Uint8Array): void;
  /** Stops reading, so that the peer is held back by its own full buffer. */
  pause(): void;
  resume(): void;
  /** Ends the connection; done when `closed` is. */
  close(): Promise<void>;
  /** Resolves when the connection has ended; never rejects. */
  readonly closed: Promise<TransportEnd>;
  /** Present where a file descriptor can travel with the bytes (SCM_RIGHTS, unix(7)). */
  sendWithDescriptor?(text: string, descriptor: PassedDescriptor): Promise<void>;
  /** Present where bytes are sent one by one: from now on what one `write` is given leaves as a whole. */
  sendWhole?(): void;
}

export function isTransport(value: unknown): value is Transport {
  return typeof (value as Partial<Transport> | null)?.onBytes === 'function';
}
