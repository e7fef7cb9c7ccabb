import type { Readable, Writable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { type CommandChannel, type Ending, openCommandChannel } from '../command/command-channel.ts';
import type { Command, TerminalSize } from '../command/command-options.ts';
import { commandText } from '../command/remote-command.ts';
import { programRequest } from '../quoting/login-shell.ts';
import type { SessionAccess } from '../session/session-access.ts';
import { connectionLost } from '../session/session-errors.ts';

/** Options of a terminal in the guest. */
export interface ShellOptions {
  /** Size and type of the terminal; `false` for none: bytes pass as they are. @default 80 × 24, `xterm-256color` @example { columns: 120, rows: 40 } */
  readonly terminal?: TerminalSize | false;
  /** A program, or a script of the login shell. @default the user's login shell @example ['top'] */
  readonly command?: Command;
  /** Ends it. @default none */
  readonly signal?: AbortSignal;
}

/** A shell of the guest with raw streams; on a terminal what is written is typed, and what is read is shown. */
export interface InteractiveShell extends AsyncDisposable {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Empty on a terminal, which shows both as one. */
  readonly stderr: Readable;
  /** How it ended; rejects with `connection-lost`. */
  readonly ending: Promise<Ending>;
  /** Tells the guest that the terminal's window has another size, in characters. */
  resize(size: Pick<TerminalSize, 'columns' | 'rows'>): void;
  close(): void;
}

export async function openInteractiveShell(session: SessionAccess, options: ShellOptions): Promise<InteractiveShell> {
  const { command, terminal = { columns: 80, rows: 24 } } = options;
  const pty = terminal && { term: terminal.term ?? 'xterm-256color', cols: terminal.columns, rows: terminal.rows };
  return new Promise((resolve, reject) => {
    const held = session.withSlot(options.signal, async (connection) => {
      const opened = await openCommandChannel<Client, ClientChannel>(
        connection,
        session.endpoint,
        'a terminal',
        (client, done) =>
          command === undefined ? client.shell(pty, done) : client.exec(requestOf(command), pty ? { pty } : {}, done),
      );
      const { channel } = opened;
      const ending = endingOf(opened, () => connection.brokenBecause);
      ending.catch(() => undefined); // for callers who look at it; a shell that breaks must not end this process
      const close = () => {
        channel.close();
      };
      options.signal?.addEventListener('abort', close, { once: true });
      resolve({
        stdin: channel,
        stdout: channel,
        stderr: channel.stderr,
        ending,
        resize: ({ columns, rows }) => channel.setWindow(rows, columns, 0, 0),
        close,
        async [Symbol.asyncDispose]() {
          close();
          channel.resume();
          channel.stderr.resume();
          await ending.catch(() => undefined);
        },
      });
      await ending.catch(() => undefined); // the slot is held until then
      options.signal?.removeEventListener('abort', close);
    });
    held.catch(reject);
  });
}

/** A script is the login shell's own affair, as with ssh(1); words reach their program as they are, whatever shell that is. */
function requestOf(command: Command): string {
  return typeof command === 'string' ? command : programRequest(command, commandText(command));
}

function endingOf(opened: CommandChannel, brokenBecause: () => string | undefined): Promise<Ending> {
  return new Promise((resolve, reject) => {
    opened.channel.once('close', () => {
      if (opened.ending) resolve(opened.ending);
      else reject(connectionLost('the shell', brokenBecause() ?? 'the channel was closed'));
    });
  });
}
