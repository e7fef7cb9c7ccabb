import { connectPassingDescriptors } from './descriptor-passing.ts';
import { inheritedDescriptor } from './inherited-descriptor.ts';
import type { OpenOptions } from './open-socket.ts';
import { connectTcp } from './tcp.ts';
import { connectTlsPsk, type PreSharedKey } from './tls-psk.ts';
import { isTransport, type Transport } from './transport.ts';
import { connectUnixSocket } from './unix-socket.ts';

/** A Unix domain socket, or on Windows a named pipe (`\\.\pipe\name`). */
export interface SocketPathAddress {
  readonly path: string;
  /** Be able to send file descriptors along; default false. */
  readonly passDescriptors?: boolean;
}

/** A TCP port that a peer listens on. */
export interface TcpAddress {
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Speak TLS with this pre-shared key; without it, anyone who reaches the port controls the machine. */
  readonly psk?: PreSharedKey;
}

/** A connected socket that this process has open. */
export interface DescriptorAddress {
  readonly fd: number;
}

/** A program that carries the bytes between its standard input and output and the peer. */
export interface ProcessAddress {
  readonly command: readonly [string, ...string[]];
}

/** Where a peer is reached. */
export type TransportAddress = SocketPathAddress | TcpAddress | DescriptorAddress | ProcessAddress;

/** An address to connect to, or a connection that is there already. */
export type Connectable = TransportAddress | Transport;

/** Connects to an address; a transport is taken as it is, and from then on belongs to its taker. */
export async function openTransport(target: Connectable, options: OpenOptions = {}): Promise<Transport> {
  if (isTransport(target)) return target;
  if ('path' in target) {
    return target.passDescriptors
      ? connectPassingDescriptors(target.path, options)
      : connectUnixSocket(target.path, options);
  }
  if ('fd' in target) return inheritedDescriptor(target.fd);
  if ('command' in target) {
    const { connectThroughProcess } = await import('./child-process.ts'); // late: machines have sockets
    return connectThroughProcess(target.command, options);
  }
  return target.psk
    ? connectTlsPsk(target.host, target.port, target.psk, options)
    : connectTcp(target.host, target.port, options);
}
