import { type OpenOptions, openSocket } from './open-socket.ts';
import { StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';

/** Connects to a Unix domain socket, or on Windows to a named pipe (`\\.\pipe\name`). */
export async function connectUnixSocket(path: string, options: OpenOptions = {}): Promise<Transport> {
  return new StreamTransport(await openSocket({ path }, path, options), path);
}
