import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ResettableSocket } from '@goqemu/core';

/** A connection to somewhere: it emits `connect` when it stands. */
export type HostStream = ResettableSocket;

export interface HostDatagrams {
  send(bytes: Buffer): void;
  close(): void;
}

export interface DatagramEvents {
  readonly onMessage: (bytes: Buffer) => void;
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

/** What the way out needs of the host; replaced in tests. */
export interface HostSockets {
  connect(address: string, port: number): HostStream;
  datagrams(address: string, port: number, events: DatagramEvents): HostDatagrams;
  /** The IPv4 addresses of a name, as other programs of the host get them. */
  lookup(name: string): Promise<readonly string[]>;
  /** The host's own IPv4 addresses. */
  ownAddresses(): readonly string[];
}

/** Datagrams that wait until their socket is bound. */
const mostWaiting = 16;

export const hostSockets: HostSockets = {
  connect: (host, port) => connect({ host, port, allowHalfOpen: true, noDelay: true }),
  datagrams(address, port, { onMessage, onError }) {
    const socket = createSocket('udp4');
    const waiting: Buffer[] = [];
    let isConnected = false;
    const send = (bytes: Buffer) => socket.send(bytes, (error) => error && onError(error));
    socket.on('message', onMessage);
    socket.on('error', onError);
    socket.once('connect', () => {
      isConnected = true;
      for (const bytes of waiting.splice(0)) send(bytes);
    });
    socket.connect(port, address);
    let isClosed = false;
    return {
      send(bytes) {
        if (isClosed) return;
        if (isConnected) send(bytes);
        else if (waiting.length < mostWaiting) waiting.push(bytes);
      },
      close() {
        if (isClosed) return;
        isClosed = true;
        socket.close();
      },
    };
  },
  lookup: async (name) => (await lookup(name, { all: true, family: 4 })).map(({ address }) => address),
  ownAddresses: () =>
    Object.values(networkInterfaces()).flatMap((all = []) =>
      all.flatMap(({ family, address }) => (family === 'IPv4' ? [address] : [])),
    ),
};
