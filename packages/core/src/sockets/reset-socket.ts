import type { Duplex } from 'node:stream';

/** A TCP socket of Node.js, or what stands for one. */
export type ResettableSocket = Duplex & { resetAndDestroy?(): unknown };

/**
 * Ends a connection by a reset (RFC 9293, 3.5.2), or without one where it has sent its own end already: Node.js refuses the
 * reset then (EINVAL), and leaves the socket open.
 */
export function resetSocket(socket: ResettableSocket): void {
  if (socket.resetAndDestroy && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
