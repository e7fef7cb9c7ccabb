import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorMessage, GoqemuError, systemErrorCode } from '@goqemu/core';
import type { ClientChannel } from 'ssh2';
import { NotBegun, openOn } from '../session/channel.ts';
import type { Connection } from '../session/connection.ts';
import type { SessionAccess } from '../session/session-access.ts';

export interface TunnelOptions {
  /** Port on this host's loopback; default: a free one. */
  readonly hostPort?: number;
  /** Address in the guest's view; default its own loopback. */
  readonly guestHost?: string;
}

export interface ReverseTunnelOptions {
  /** Port on the guest's loopback; default: a free one. */
  readonly guestPort?: number;
}

/** A way through the session, open until it is disposed of; it lives on over a new connection. */
export interface Tunnel extends AsyncDisposable {
  readonly hostPort: number;
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
  for (let attempt = 0; ; attempt++) {
    const connection = await session.connection();
    try {
      return await new Promise<ClientChannel>((resolve, reject) => {
        const unsubscribe = connection.onBroken((reason) => reject(new NotBegun(reason)));
        connection.client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
          unsubscribe();
          if (error) reject(error);
          else resolve(channel);
        });
      });
    } catch (error) {
      if (error instanceof NotBegun && attempt < 3) continue;
      throw new GoqemuError({
        code: 'connect-failed',
        source: 'environment',
        subject: `${host}:${port} in the guest`,
        message: `nothing answers at ${host}:${port} in the guest`,
        detail: errorMessage(error),
        hint: 'check that the service has started and listens there',
        cause: error,
      });
    }
  }
}

/** @throws GoqemuError `port-taken` when `hostPort` is in use */
export async function openTunnel(session: SessionAccess, guestPort: number, options: TunnelOptions): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    dialThroughGuest(session, guestPort, options.guestHost).then(
      (channel) => join(socket, channel),
      (error) => {
        session.logger.log('debug', 'ssh', 'tunnel refused', { guestPort, reason: errorMessage(error) });
        socket.resetAndDestroy(); // as a closed port would
      },
    );
  });
  server.listen(options.hostPort ?? 0, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    throw systemErrorCode(error) === 'EADDRINUSE' ? portTaken(options.hostPort ?? 0) : error;
  }
  return {
    hostPort: (server.address() as AddressInfo).port,
    guestPort,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
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
    if (details.destPort !== guestPort) return;
    const socket = connect({ host: '127.0.0.1', port: hostPort });
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.off('error', refuse);
      join(socket, take());
    });
  };
  const establish = async (): Promise<void> => {
    const standing = await session.connection();
    guestPort = await openOn<number>(standing, session.endpoint, `port ${guestPort} of the guest`, (client, done) => {
      client.forwardIn(guestHost, guestPort, (error, port) => done(error, guestPort || port));
    });
    standing.client.on('tcp connection', accept);
    connection = standing;
    standing.onBroken(() => {
      if (open)
        establish().catch((error) =>
          session.logger.log('warn', 'ssh', 'reverse tunnel lost', { reason: errorMessage(error) }),
        );
    });
  };
  await establish();
  return {
    hostPort,
    get guestPort() {
      return guestPort;
    },
    async [Symbol.asyncDispose]() {
      open = false;
      const client = connection?.client;
      client?.off('tcp connection', accept);
      if (connection?.brokenBecause !== undefined) return;
      await new Promise<void>((resolve) => client?.unforwardIn(guestHost, guestPort, () => resolve()));
    },
  };
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
