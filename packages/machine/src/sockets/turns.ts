import { acquireFileLock, hasErrorCode, type ProcessTable, sleep } from '@goqemu/core';
import { openTransport, type PassedDescriptor, type Transport } from '@goqemu/protocol';
import type { SocketEndpoint } from './machine-sockets.ts';
import { readPreSharedKey } from './tls-sockets.ts';

export interface TurnOptions {
  /** What for; shown to those who wait. */
  readonly command: string;
  /** Milliseconds to wait for others to finish. */
  readonly waitMs: number;
  readonly lockPath: string;
  readonly signal?: AbortSignal;
  readonly processes?: ProcessTable;
  /** Be able to send file descriptors along, where the host can; default true. */
  readonly passDescriptors?: boolean;
}

/**
 * Connects to a socket that serves one client at a time, when it is one's turn: a lock beside the socket is held
 * until the connection has ended. Without it a second client would hang without a word.
 *
 * @throws GoqemuError `locked` with the one who has the turn; `connect-failed`
 */
export async function connectInTurn(endpoint: SocketEndpoint, options: TurnOptions): Promise<Transport> {
  const lock = await acquireFileLock(options.lockPath, {
    command: options.command,
    waitMs: options.waitMs,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.processes ? { processes: options.processes } : {}),
  });
  try {
    const transport = await openEndpoint(endpoint, options.signal, options.passDescriptors, options.waitMs);
    return releasing(transport, async () => lock[Symbol.asyncDispose]());
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Connects to a socket of a machine, whatever its kind; over a Unix socket, file descriptors can travel along.
 *
 * @param queueMs milliseconds to wait for a place in QEMU's queue, which has room for one client: as long as one that has
 *   just left is in it, the kernel refuses the next with EAGAIN (unix(7))
 */
export async function openEndpoint(
  endpoint: SocketEndpoint,
  signal?: AbortSignal,
  passDescriptors = true,
  queueMs = 5000,
): Promise<Transport> {
  const limits = signal ? { signal } : {};
  if (endpoint.kind === 'unix') {
    const address = { path: endpoint.path, passDescriptors: passDescriptors && process.platform !== 'win32' };
    const deadline = performance.now() + queueMs;
    for (;;) {
      try {
        return await openTransport(address, limits);
      } catch (error) {
        if (!isQueueFull(error) || performance.now() >= deadline) throw error;
        await sleep(5, signal);
      }
    }
  }
  const { host, port, keyFolder } = endpoint;
  return await openTransport({ host, port, psk: await readPreSharedKey(keyFolder) }, limits);
}

function isQueueFull(error: unknown): boolean {
  return hasErrorCode(error, 'connect-failed') && error.data.reason === 'EAGAIN';
}

/** The same transport, whose end also ends something else; `close` is done when both are. */
function releasing(transport: Transport, release: () => Promise<void>): Transport {
  let released: Promise<void> | undefined;
  const once = () => {
    released ??= release();
    return released;
  };
  const closed = transport.closed.then(async (end) => {
    await once();
    return end;
  });
  const close = async () => {
    await transport.close();
    await once();
  };
  const { sendWithDescriptor, sendWhole } = transport;
  return {
    peer: transport.peer,
    closed,
    close,
    onBytes: (receiver) => transport.onBytes(receiver),
    write: (bytes) => transport.write(bytes),
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    ...(sendWithDescriptor
      ? {
          sendWithDescriptor: (text: string, descriptor: PassedDescriptor) =>
            sendWithDescriptor.call(transport, text, descriptor),
        }
      : {}),
    ...(sendWhole ? { sendWhole: () => sendWhole.call(transport) } : {}),
    [Symbol.asyncDispose]: close,
  };
}
