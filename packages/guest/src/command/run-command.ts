import { type Logger, timeoutError, type Unsubscribe } from '@goqemu/core';
import type { CommandConnection } from '../session/command-connection.ts';
import type { SshEndpoint } from '../session/endpoint.ts';
import { connectionLost } from '../session/session-errors.ts';
import { type CommandChannel, type Ending, openCommandChannel } from './command-channel.ts';
import { feed } from './command-input.ts';
import type { CommandInput, TerminalSize } from './command-options.ts';
import { endRemote } from './end-remote.ts';
import { type NotStarted, notStarted } from './not-started.ts';
import type { RemoteCommand } from './remote-command.ts';
import { StartAnnouncement, type StartedProcess } from './start-announcement.ts';

/** A command that has ended exits at once, but what it left in the background may hold its output open for ever. */
const outputAfterExitMs = 2000;

export interface Run {
  readonly what: string;
  readonly remote: RemoteCommand;
  readonly input: CommandInput | undefined;
  readonly terminal: TerminalSize | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void;
  /** Given the means to hold the guest's output back. */
  onFlow?(flow: Flow): void;
}

export interface Flow {
  pause(): void;
  resume(): void;
}

/**
 * Runs a command on a connection that stands.
 *
 * @throws NotBegun when the connection broke before the command was sent; GoqemuError `connection-lost` when after;
 * `timeout`; `privilege-denied`; `sudo-missing`; the signal's reason
 */
export async function runCommand(connection: CommandConnection, endpoint: SshEndpoint, run: Run): Promise<Ending> {
  const terminal = run.terminal;
  const pty = terminal && { term: terminal.term ?? 'xterm-256color', cols: terminal.columns, rows: terminal.rows };
  const startAs = run.remote.startAs === undefined ? {} : { user: run.remote.startAs };
  const command = await openCommandChannel(connection, endpoint, `a channel for ${run.what}`, (client, done) =>
    client.exec(run.remote.request, { ...(pty ? { pty } : {}), ...startAs }, done),
  );
  const channel = command.channel;
  const announced = announcementsOf(run);
  // Where the connection reports it, also of a login shell that is still at its start files.
  let reported: StartedProcess | undefined;
  channel.once('started', (process: StartedProcess) => {
    reported = process;
  });
  const reason = new AbortController();
  const timer = Number.isFinite(run.timeoutMs)
    ? setTimeout(() => reason.abort(timeoutError(run.what, run.timeoutMs)), run.timeoutMs)
    : undefined;
  const forward = () => reason.abort(run.signal?.reason);
  if (run.signal?.aborted) forward();
  run.signal?.addEventListener('abort', forward, { once: true });
  try {
    const ending = follow(command, { connection, endpoint }, run, announced);
    const fed = feed(
      channel,
      run.remote.preamble,
      run.input,
      ending.catch(() => undefined),
    );
    fed.catch((error: unknown) => reason.abort(error)); // the input's own failure ends the command
    return await Promise.race([ending, whenAborted(reason.signal)]);
  } catch (error) {
    const started = announced.main.started ?? reported;
    if (reason.signal.aborted && connection.brokenBecause === undefined && started) {
      const left = await endRemote(connection, endpoint, started, run.remote.elevated !== undefined);
      if (left)
        run.logger.log('warn', 'ssh', 'the command may still run in the guest', { command: run.what, reason: left });
    }
    channel.close();
    throw error;
  } finally {
    clearTimeout(timer);
    run.signal?.removeEventListener('abort', forward);
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Where the start is announced: on both outputs, of which a terminal makes one. */
interface Announcements {
  readonly stdout: StartAnnouncement;
  readonly stderr: StartAnnouncement;
  /** The one that tells that the command has started. */
  readonly main: StartAnnouncement;
}

function announcementsOf({ remote: { nonce }, terminal }: Run): Announcements {
  const stdout = new StartAnnouncement(nonce);
  const stderr = terminal ? stdout : new StartAnnouncement(nonce);
  return { stdout, stderr, main: stderr };
}

/** Takes the output until the command has ended. */
function follow(
  command: CommandChannel,
  { connection, endpoint }: { readonly connection: CommandConnection; readonly endpoint: SshEndpoint },
  run: Run,
  announced: Announcements,
): Promise<Ending> {
  const { channel } = command;
  let held = false;
  run.onFlow?.({
    pause() {
      held = true;
      channel.pause();
      channel.stderr.pause();
    },
    resume() {
      held = false;
      channel.resume();
      channel.stderr.resume();
    },
  });
  return new Promise((resolve, reject) => {
    let quiet: NodeJS.Timeout | undefined;
    let unsubscribe: Unsubscribe = () => undefined; // a connection that is broken already calls back at once
    const watchQuiet = () => {
      clearTimeout(quiet);
      if (command.ending) quiet = setTimeout(() => (held ? watchQuiet() : settle()), outputAfterExitMs);
    };
    const settle = () => {
      clearTimeout(quiet);
      unsubscribe();
      const ending = command.ending;
      if (ending && announced.main.started) resolve(ending);
      else if (ending) reject(notStarted(withWords(run, endpoint, ending, announced)));
      else
        reject(
          connectionLost(
            run.what,
            connection.brokenBecause ?? 'the guest closed the command’s channel',
            connection.title,
          ),
        );
      channel.close();
    };
    const take = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      const own = announced[stream].push(chunk);
      if (own.length > 0) run.onOutput(stream, own);
      watchQuiet();
    };
    channel.on('data', take('stdout'));
    channel.stderr.on('data', take('stderr'));
    command.onEnding(watchQuiet);
    channel.once('close', settle);
    unsubscribe = connection.onBroken(settle);
  });
}

function withWords(run: Run, endpoint: SshEndpoint, ending: Ending, announced: Announcements): NotStarted {
  const { stdout, stderr, main } = announced;
  const words = [main.ahead, stderr === stdout ? '' : stdout.ahead].map((text) => text.trim()).filter(Boolean);
  return { what: run.what, sessionUser: endpoint.user, other: run.remote.elevated, words, ending };
}
