import { connect, type Socket } from 'node:net';
import { errorMessage, sleep } from '@goqemu/core';
import type { SshEndpoint } from './endpoint.ts';
import { introduce } from './identification.ts';

export interface BannerTiming {
  /** A connection this long without a banner gets a rival; milliseconds. */
  readonly silenceMs: number;
  /** Pause after a refused or reset connection; milliseconds. */
  readonly retryMs: number;
  /** Silent connections kept open at once: a slow guest may still answer an older one. */
  readonly rivals: number;
}

export const defaultBannerTiming: BannerTiming = { silenceMs: 1000, retryMs: 200, rivals: 4 };

/**
 * A connected socket on which a server has begun to speak; what it said is still to be read.
 *
 * QEMU's user network accepts a forwarded connection before the guest has an sshd, and may then leave it mute for
 * minutes, so it is the banner (RFC 4253 §4.2: the server may speak first) that is waited for, not the connect. A mute
 * connection is not given up at once but gets a rival, since a guest under load can take longer than that to answer.
 *
 * @param onAttempt told why an attempt failed, or that it is still silent
 * @throws the signal's reason; there is no other end than a banner
 */
export async function socketWithBanner(
  endpoint: Pick<SshEndpoint, 'host' | 'port'>,
  timing: BannerTiming,
  signal: AbortSignal,
  onAttempt: (reason: string) => void,
): Promise<Socket> {
  const silent = new Set<Socket>();
  const settled = new AbortController();
  const stop = AbortSignal.any([signal, settled.signal]);
  let winner: Socket | undefined;
  try {
    return await new Promise<Socket>((resolve, reject) => {
      const give = () => reject(signal.reason);
      signal.addEventListener('abort', give, { once: true, signal: settled.signal });
      const win = (socket: Socket) => {
        winner = socket;
        resolve(socket);
      };
      dialUntil(endpoint, timing, stop, silent, win, onAttempt).catch((error: unknown) => {
        if (!settled.signal.aborted) reject(error);
      });
    });
  } finally {
    settled.abort();
    for (const socket of silent) if (socket !== winner) socket.destroy();
  }
}

async function dialUntil(
  endpoint: Pick<SshEndpoint, 'host' | 'port'>,
  timing: BannerTiming,
  stop: AbortSignal,
  silent: Set<Socket>,
  win: (socket: Socket) => void,
  onAttempt: (reason: string) => void,
): Promise<void> {
  for (;;) {
    stop.throwIfAborted();
    const oldest = silent.size >= timing.rivals ? silent.values().next().value : undefined;
    if (oldest) {
      silent.delete(oldest);
      oldest.destroy();
    }
    const outcome = await dial(endpoint, timing.silenceMs, silent, win, stop);
    if (outcome === 'banner') return;
    onAttempt(outcome);
    if (outcome !== stillSilent) await sleep(timing.retryMs, stop);
  }
}

const stillSilent = 'the port accepts connections, but no SSH server answers on it yet';

/** One attempt: ends with the banner, with a reason, or as still silent, when it lives on in `silent`. */
function dial(
  endpoint: Pick<SshEndpoint, 'host' | 'port'>,
  silenceMs: number,
  silent: Set<Socket>,
  win: (socket: Socket) => void,
  stop: AbortSignal,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    introduce(socket);
    silent.add(socket);
    const settle = (reason: string) => {
      clearTimeout(timer);
      stop.removeEventListener('abort', abandon);
      resolve(reason);
    };
    const timer = setTimeout(() => settle(stillSilent), silenceMs);
    const abandon = () => settle('abandoned');
    const end = (reason: string) => {
      silent.delete(socket);
      settle(reason);
    };
    stop.addEventListener('abort', abandon, { once: true });
    const failed = (error: Error) => end(errorMessage(error));
    const closed = () => end('the connection was closed before an SSH server answered');
    const readable = () => {
      const first: Buffer | null = socket.read();
      if (first === null) return; // the end of the stream; `close` follows
      if (!first.toString('latin1').includes('SSH-')) {
        // RFC 4253 §4.2 allows lines before the banner, but a guest's sshd sends none: another service has the port.
        socket.destroy();
        return end(
          `the port answers with ${JSON.stringify(first.toString('latin1').slice(0, 40))}, not as an SSH server`,
        );
      }
      socket.unshift(first);
      socket.off('readable', readable).off('error', failed).off('close', closed);
      socket.on('error', () => undefined); // until the SSH client listens; it then sees the close
      end('banner');
      win(socket);
    };
    socket.on('readable', readable).on('error', failed).on('close', closed);
  });
}
