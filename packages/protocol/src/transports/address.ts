import type { OpenOptions } from './open-socket.ts';
import { connectTcp } from './tcp.ts';
import { isTransport, type Transport } from './transport.ts';
import { connectUnixSocket } from './unix-socket.ts';

/** A Unix domain socket, or on Windows a named pipe. */
export interface SocketPathAddress {
  readonly path: string;
}

export interface TcpAddress {
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

export type TransportAddress = SocketPathAddress | TcpAddress;

/** An address to connect to, or a connection that is there already. */
export type Connectable = TransportAddress | Transport;

/** Connects to an address; a transport is taken as it is, and from then on belongs to its taker. */
export function openTransport(target: Connectable, options: OpenOptions = {}): Promise<Transport> {
  if (isTransport(target)) return Promise.resolve(target);
  if ('path' in target) return connectUnixSocket(target.path, options);
  return connectTcp(target.host, target.port, options);
}
