import { Socket } from 'node:net';
import { GoqemuError } from '@goqemu/core';
import { StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';

/**
 * Speaks over a socket that this process has open already, such as one end of a pair whose other end QEMU
 * inherited (`-chardev socket,fd=N`). The descriptor then belongs to the transport.
 *
 * @throws GoqemuError `descriptor-invalid` when it is no open socket or pipe
 */
export function inheritedDescriptor(descriptor: number): Transport {
  const peer = `descriptor ${descriptor}`;
  try {
    const socket = new Socket({ fd: descriptor, readable: true, writable: true });
    socket.pause();
    return new StreamTransport(socket, peer);
  } catch (cause) {
    throw new GoqemuError({
      code: 'descriptor-invalid',
      source: 'user',
      subject: peer,
      message: `${peer} is not an open socket or pipe`,
      hint: 'give the number of a connected socket that this process inherited',
      cause,
      data: { descriptor },
    });
  }
}
