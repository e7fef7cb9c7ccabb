import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorMessage } from '@goqemu/core';
import type { SshEndpoint } from './endpoint.ts';
import { introduce } from './identification.ts';

/** How an attempt ended, other than by a banner. */
export interface Unanswered {
  readonly kind: 'closed' | 'shut-out';
  /** Why, in human-readable form. */
  readonly reason: string;
}

/** A connection on which the server's banner is waited for. */
export interface BannerAttempt {
  /** The socket, with what the server said still to be read; or why there was none. Never settles while it is mute. */
  readonly ended: Promise<Duplex | Unanswered>;
  abandon(): void;
}

/** Characters of a banner at most (RFC 4253 §4.2). */
const longestLine = 255;

/** What sshd says in place of a banner (sshd.c, srclimit.c): as much as one line, before it closes the connection. */
const refusals: readonly { readonly line: RegExp; readonly reason: string }[] = [
  {
    line: /^Not allowed at this time/,
    reason: 'the guest’s sshd accepts no connection from this address for some seconds (PerSourcePenalties)',
  },
  { line: /^Exceeded MaxStartups/, reason: 'the guest’s sshd has too many logins under way (MaxStartups)' },
];

export function attemptBanner({ host, port, open }: Pick<SshEndpoint, 'host' | 'port' | 'open'>): BannerAttempt {
  if (!open) return awaitBanner(connect({ host, port, noDelay: true }));
  const abandoned = new AbortController();
  const opening = open(abandoned.signal).then(awaitBanner);
  return {
    ended: opening.then(
      ({ ended }) => ended,
      (error: unknown): Unanswered => ({ kind: 'closed', reason: errorMessage(error) }),
    ),
    abandon() {
      abandoned.abort(new Error('the attempt was abandoned'));
      opening.then(
        (attempt) => attempt.abandon(),
        () => undefined, // that is how it ended
      );
    },
  };
}

function awaitBanner(socket: Duplex): BannerAttempt {
  introduce(socket);
  const ended = new Promise<Duplex | Unanswered>((resolve) => {
    const received: Buffer[] = [];
    const failed = (error: Error) => resolve({ kind: 'closed', reason: errorMessage(error) });
    const closed = () => resolve(refusal(Buffer.concat(received).toString('latin1')));
    const readable = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return; // the end of the stream; `close` follows
      received.push(chunk);
      const text = Buffer.concat(received).toString('latin1');
      if (!/^SSH-/.test(text)) {
        // RFC 4253 §4.2 allows lines before the banner, but a guest's sshd sends none but to turn a client away.
        if (text.includes('\n') || text.length > longestLine) socket.destroy();
        return;
      }
      socket.unshift(Buffer.concat(received));
      socket.off('readable', readable).off('error', failed).off('close', closed);
      socket.on('error', () => undefined); // until the SSH client listens; it then sees the close
      resolve(socket);
    };
    socket.on('readable', readable).on('error', failed).on('close', closed);
  });
  return { ended, abandon: () => void socket.destroy() };
}

function refusal(text: string): Unanswered {
  const known = refusals.find(({ line }) => line.test(text));
  if (known) return { kind: 'shut-out', reason: `${known.reason}: ${JSON.stringify(text.trim())}` };
  if (text === '') return { kind: 'closed', reason: 'the connection was closed before an SSH server answered' };
  return { kind: 'closed', reason: `the port answers with ${JSON.stringify(text.slice(0, 40))}, not as an SSH server` };
}
