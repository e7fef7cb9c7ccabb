import type { Duplex, Readable } from 'node:stream';
import type { Unsubscribe } from '@goqemu/core';

/** A command's pipes: what is written is its input, what is read its output; `exit` is emitted with its end. */
export type CommandPipe = Duplex & {
  readonly stderr: Readable;
  close(): void;
};

export interface StartOptions {
  /** A terminal, in characters. @default none */
  readonly pty?: { readonly term: string; readonly cols: number; readonly rows: number };
  /** As whom, where the connection becomes other users itself. @default the session's user */
  readonly user?: string;
}

/** What starts commands in a guest. ssh2's client is one. */
export interface CommandClient {
  /** @param request text for the login shell of the session's user (RFC 4254 §6.5), or for /bin/sh of another user */
  exec(request: string, options: StartOptions, done: (error: Error | undefined, pipe: CommandPipe) => void): unknown;
}

/** A way into a guest by which commands can be run; one that has broken is thrown away for another. */
export interface CommandConnection<Client extends CommandClient = CommandClient> {
  readonly client: Client;
  /** What breaks, in an error. */
  readonly title: string;
  /** Whether it starts commands of other users itself, without sudo in the guest. @default false */
  readonly becomesUsers?: boolean;
  /** Undefined while it stands, then why it does not. */
  readonly brokenBecause: string | undefined;
  /** Calls back, at once or later, when it breaks or is closed. */
  onBroken(listener: (reason: string) => void): Unsubscribe;
  close(reason: string): void;
}
