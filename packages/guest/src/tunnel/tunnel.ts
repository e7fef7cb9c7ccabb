import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorMessage, GoqemuError, hasErrorCode, resetSocket, systemErrorCode } from '@goqemu/core';
import type { Client, ClientChannel } from 'ssh2';
import { openOn, untilBroken } from '../session/channel.ts';
import type { Connection } from '../session/connection.ts';
import type { SessionAccess } from '../session/session-access.ts';

/** Options of a tunnel from this host into the guest. */
export interface TunnelOptions {
  /** Port on this host's loopback, 1 to 65535. @default a free one */
  readonly hostPort?: number;
  /** Address that the guest connects to. @default '127.0.0.1', the guest's own loopback */
  readonly guestHost?: string;
  /** Gives up opening the tunnel, and closes one that is open. @default none */
  readonly signal?: AbortSignal;
}

/** Options of a tunnel from the guest to this host. */
export interface ReverseTunnelOptions {
  /** Port on the guest's loopback, 1 to 65535. @default a free one */
  readonly guestPort?: number;
  /** Gives up opening the tunnel, and closes one that is open. @default none */
  readonly signal?: AbortSignal;
}

/** A way through the session, open until it is disposed of; it lives on over a new connection. */
export interface Tunnel extends AsyncDisposable {
  /** Port on this host's loopback. */
  readonly hostPort: number;
  /** Port in the guest. */
  readonly guestPort: number;
}

/**
 * A channel to a port in the guest's view (RFC 4254 §7.2). Needs no place among the session's channels.
 *
 * @throws GoqemuError `connect-failed` when nothing listens there
 */
export async function dialThroughGuest(
  session: SessionAccess,
  port: number,
  host = '127.0.0.1',
): Promise<ClientChannel> {
  const where = `${host}:${port} in the guest`;
  try {
    return await session.withConnection(undefined, (connection) =>
      openOn<ClientChannel, Client>(connection, session.endpoint, {
        what: where,
        open: (client, done) => client.forwardOut('127.0.0.1', 0, host, port, done),
        patient: false, // a closed port is an answer
      }),
    );
  } catch (error) {
    if (!hasErrorCode(error, 'connect-failed')) throw error;
    throw new GoqemuError({
      code: 'connect-failed',
      source: 'environment',
      subject: where,
      message: `nothing answers at ${where}`,
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      hint: 'check that the service has started and listens there',
      cause: error,
    });
  }
}

/** @throws GoqemuError `port-taken` when `hostPort` is in use */
export async function openTunnel(session: SessionAccess, guestPort: number, options: TunnelOptions): Promise<Tunnel> {
  options.signal?.throwIfAborted();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    dialThroughGuest(session, guestPort, options.guestHost).then(
      (channel) => join(socket, channel),
      (error) => {
        session.logger.log('debug', 'ssh', 'tunnel refused', { guestPort, reason: errorMessage(error) });
        resetSocket(socket); // as a closed port would
      },
    );
  });
  server.listen(options.hostPort ?? 0, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    throw systemErrorCode(error) === 'EADDRINUSE' ? portTaken(options.hostPort ?? 0) : error;
  }
  let closed: Promise<unknown> | undefined;
  return closedBy(options.signal, {
    hostPort: (server.address() as AddressInfo).port,
    guestPort,
    async [Symbol.asyncDispose]() {
      if (!closed) {
        closed = once(server, 'close');
        server.close();
        for (const socket of sockets) socket.destroy();
      }
      await closed;
    },
  });
}

/** A tunnel that its signal closes, too. */
function closedBy(signal: AbortSignal | undefined, tunnel: Tunnel): Tunnel {
  const close = () => void tunnel[Symbol.asyncDispose]();
  if (signal?.aborted) close();
  else signal?.addEventListener('abort', close, { once: true });
  return tunnel;
}

/** RFC 4254 §7.1; asked for again on each new connection, which an open tunnel sees to itself. */
export async function openReverseTunnel(
  session: SessionAccess,
  hostPort: number,
  options: ReverseTunnelOptions,
): Promise<Tunnel> {
  const guestHost = '127.0.0.1';
  let guestPort = options.guestPort ?? 0;
  let open = true;
  let connection: Connection | undefined;
  const accept = (details: { destPort: number }, take: () => ClientChannel, refuse: () => void) => {
    if (details.destPort === guestPort) joinHost(hostPort, take, refuse);
  };
  const establish = () =>
    session.withConnection(options.signal, async (standing) => {
      standing.client.on('tcp connection', accept); // before the port is there: a client may be waiting for it
      await openOn(standing, session.endpoint, {
        what: `port ${guestPort} of the guest`,
        open: (client, done) => {
          client.forwardIn(guestHost, guestPort, (error, port) => {
            guestPort ||= port;
            done(error, undefined);
          });
        },
      });
      connection = standing;
      if (!open) return release(standing); // closed in the meantime
      standing.onBroken(() => {
        if (open) establish().catch(lost);
      });
    });
  const release = async (standing: Connection) => {
    standing.client.off('tcp connection', accept);
    const released = new Promise<void>((resolve, reject) => {
      if (standing.brokenBecause !== undefined) return resolve();
      standing.client.unforwardIn(guestHost, guestPort, (error) => (error ? reject(error) : resolve()));
    });
    await untilBroken(standing, released).catch((error: unknown) => {
      session.logger.log('debug', 'ssh', 'reverse tunnel went with its connection', { reason: errorMessage(error) });
    });
  };
  const lost = (error: unknown) => {
    session.logger.log('warn', 'ssh', 'reverse tunnel lost', { reason: errorMessage(error) });
  };
  await establish();
  return closedBy(options.signal, {
    hostPort,
    get guestPort() {
      return guestPort;
    },
    async [Symbol.asyncDispose]() {
      open = false;
      const standing = connection;
      connection = undefined;
      if (standing) await release(standing);
    },
  });
}

function joinHost(port: number, take: () => ClientChannel, refuse: () => void): void {
  const socket = connect({ host: '127.0.0.1', port });
  socket.once('error', refuse);
  socket.once('connect', () => {
    socket.off('error', refuse);
    join(socket, take());
  });
}

function join(socket: Socket, channel: ClientChannel): void {
  const ends: [Duplex, Duplex] = [socket, channel];
  socket.on('error', () => channel.close());
  channel.on('error', () => socket.destroy());
  channel.on('close', () => socket.destroySoon());
  socket.on('close', () => channel.close());
  ends[0].pipe(ends[1]).pipe(ends[0]);
}

function portTaken(port: number): GoqemuError {
  return new GoqemuError({
    code: 'port-taken',
    source: 'environment',
    subject: `port ${port}`,
    message: `port ${port} of this host is in use`,
    hint: 'choose another port, or leave the choice to goqemu',
    data: { port },
  });
}
