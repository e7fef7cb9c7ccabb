import { type OpenOptions, openSocket } from './open-socket.ts';
import { StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';

/** Connects over plain TCP: anyone who reaches the port rules the machine, so keep it on loopback. */
export async function connectTcp(host: string, port: number, options: OpenOptions = {}): Promise<Transport> {
  const peer = `${host}:${port}`;
  const socket = await openSocket({ host, port, noDelay: true }, peer, options);
  return new StreamTransport(socket, peer);
}
