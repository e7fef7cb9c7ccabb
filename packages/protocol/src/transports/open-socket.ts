import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { GoqemuError, scaledTimeout, systemErrorCode, withDeadline } from '@goqemu/core';

/** How long opening a connection may take, and when to give up. */
export interface OpenOptions {
  /** Milliseconds for the connection to be made. @default 5000, multiplied by `GOQEMU_TIMEOUT_SCALE` */
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Connects a socket, or says in the peer's name why not. */
export async function openSocket(target: NetConnectOpts, peer: string, options: OpenOptions): Promise<Socket> {
  const socket = connect(target);
  socket.pause();
  return established(socket, 'connect', peer, options);
}

/**
 * Waits for a socket's first `event`.
 *
 * @throws GoqemuError `connect-failed` with the system's reason; `timeout` naming the peer
 */
export async function established<S extends Socket>(
  socket: S,
  event: 'connect' | 'secureConnect',
  peer: string,
  options: OpenOptions,
): Promise<S> {
  try {
    await withDeadline(
      `connecting to ${peer}`,
      options.connectTimeoutMs ?? scaledTimeout(5_000, process.env),
      options.signal,
      () =>
        new Promise<void>((resolve, reject) => {
          socket.once(event, () => {
            socket.off('error', reject);
            resolve();
          });
          socket.once('error', reject);
        }),
    );
    return socket;
  } catch (error) {
    // After a time-out the socket may still fail: that error has been reported already.
    socket.on('error', () => undefined);
    socket.destroy();
    throw systemErrorCode(error)?.startsWith('E') ? connectError(peer, error as Error) : error;
  }
}

function connectError(peer: string, cause: Error): GoqemuError {
  const reason = systemErrorCode(cause) ?? 'failed';
  const hints: Record<string, string> = {
    ENOENT: 'is the program running, and is this the path of its socket?',
    ECONNREFUSED: 'nothing listens there (any more): is the program running?',
    EACCES: 'the socket belongs to another user',
  };
  return new GoqemuError({
    code: 'connect-failed',
    source: 'environment',
    subject: peer,
    message: `cannot connect to ${peer}: ${reason}`,
    detail: cause.message,
    hint: hints[reason] ?? 'look at the log of the program that should listen there',
    cause,
    data: { peer, reason },
  });
}
