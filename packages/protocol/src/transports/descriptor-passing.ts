import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { errorMessage, GoqemuError, orAborted, withDeadline } from '@goqemu/core';
import type { OpenOptions } from './open-socket.ts';
import { loadPipeWrap, type PipeHandle, type PipeWrap, type SocketOnHandle } from './pipe-wrap.ts';
import { StreamTransport } from './stream-transport.ts';
import type { PassedDescriptor, Transport } from './transport.ts';

/** Whether open descriptors can be passed to QEMU on this host, and why not. */
export type DescriptorPassing = { readonly available: true } | { readonly available: false; readonly reason: string };

/** Whether file descriptors can be given to QEMU over a Unix socket, and if not, why. */
export const fdPassing = {
  available(system: NodeJS.Platform = process.platform): DescriptorPassing {
    if (system === 'win32') {
      return {
        available: false,
        reason:
          'Windows has no SCM_RIGHTS; QEMU 8.0 and newer take a socket by get-win32-socket, whose argument comes from WSADuplicateSocketW, which Node.js cannot call',
      };
    }
    try {
      loadPipeWrap();
      return { available: true };
    } catch (error) {
      return {
        available: false,
        reason: `Node.js ${process.version} does not let its pipe handles be used: ${errorMessage(error)}`,
      };
    }
  },
};

/**
 * Connects to a Unix socket in a way that descriptors can travel along (SCM_RIGHTS, unix(7)).
 *
 * @throws GoqemuError `fd-passing-unavailable` with the reason; `connect-failed`
 */
export async function connectPassingDescriptors(path: string, options: OpenOptions = {}): Promise<Transport> {
  const able = fdPassing.available();
  if (!able.available) throw fdPassingUnavailableError(able.reason);
  const wrap = loadPipeWrap();
  const handle = new wrap.Pipe(wrap.ipc);
  const connecting = new Promise<void>((resolve, reject) => {
    const request = new wrap.PipeConnectWrap();
    request.oncomplete = (status) => (status === 0 ? resolve() : reject(connectError(path, status)));
    const status = handle.connect(request, path) ?? 0;
    if (status !== 0) reject(connectError(path, status));
  });
  connecting.catch(() => undefined); // closing the handle of an attempt that was given up rejects it
  try {
    await withDeadline(`connecting to ${path}`, options.connectTimeoutMs ?? 5_000, options.signal, (signal) =>
      orAborted(connecting, signal),
    );
  } catch (error) {
    handle.close();
    throw error;
  }
  const socketOptions: SocketOnHandle = { handle, readable: true, writable: true };
  const socket = new Socket(socketOptions);
  socket.pause();
  return new DescriptorPassingTransport(socket, path, wrap, handle);
}

class DescriptorPassingTransport extends StreamTransport {
  readonly #socket: Socket;
  readonly #wrap: PipeWrap;
  readonly #handle: InstanceType<PipeWrap['Pipe']>;

  constructor(socket: Socket, peer: string, wrap: PipeWrap, handle: InstanceType<PipeWrap['Pipe']>) {
    super(socket, peer);
    this.#socket = socket;
    this.#wrap = wrap;
    this.#handle = handle;
  }

  async sendWithDescriptor(text: string, descriptor: PassedDescriptor): Promise<void> {
    // What the socket still holds must leave before the descriptor does.
    while (this.#socket.writableLength > 0 && this.#socket.writable) {
      await Promise.race([new Promise((resolve) => this.#socket.once('drain', resolve)), this.closed]);
    }
    if (!this.#socket.writable) throw sendError(this.peer, 'the connection has ended');
    const { carried, close } = this.#carry(descriptor);
    try {
      await new Promise<void>((resolve, reject) => {
        const request = new this.#wrap.WriteWrap();
        request.oncomplete = (status) => (status === 0 ? resolve() : reject(sendError(this.peer, errorName(status))));
        check(this.#handle.writeUtf8String(request, text, carried), this.peer);
        void this.closed.then(() => reject(sendError(this.peer, 'the connection has ended')));
      });
    } finally {
      close();
    }
  }

  #carry(descriptor: PassedDescriptor): { carried: PipeHandle; close: () => void } {
    if (typeof descriptor !== 'number') {
      // A socket owns its descriptor: closing the number under it would close another one a moment later.
      const handle = (descriptor as unknown as { _handle?: PipeHandle | null })._handle;
      if (!handle) throw sendError(this.peer, 'the socket is closed');
      return { carried: handle, close: () => descriptor.destroy() };
    }
    const carried = new this.#wrap.Pipe(this.#wrap.plain);
    check(carried.open(descriptor), this.peer);
    return { carried, close: () => carried.close() };
  }
}

function check(status: number | undefined, peer: string): void {
  if (status) throw sendError(peer, errorName(status));
}

function errorName(status: number): string {
  return status < 0 ? getSystemErrorName(status) : String(status);
}

function connectError(path: string, status: number): GoqemuError {
  const reason = errorName(status);
  return new GoqemuError({
    code: 'connect-failed',
    source: 'environment',
    subject: path,
    message: `cannot connect to ${path}: ${reason}`,
    hint: 'is the program running, and is this the path of its socket?',
    data: { peer: path, reason },
  });
}

function sendError(peer: string, reason: string): GoqemuError {
  return new GoqemuError({
    code: 'fd-passing-failed',
    source: 'environment',
    subject: peer,
    message: `the descriptor could not be sent to ${peer}: ${reason}`,
    hint: 'is the descriptor open?',
    data: { peer, reason },
  });
}

export function fdPassingUnavailableError(reason: string): GoqemuError {
  return new GoqemuError({
    code: 'fd-passing-unavailable',
    source: 'environment',
    message: 'file descriptors cannot be passed over this connection',
    detail: reason,
    hint: 'connect to a Unix socket with { path, passDescriptors: true }, on Linux or macOS',
  });
}
