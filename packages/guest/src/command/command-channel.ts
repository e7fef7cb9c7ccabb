import { openOn } from '../session/channel.ts';
import type { CommandClient, CommandConnection, CommandPipe } from '../session/command-connection.ts';
import type { SshEndpoint } from '../session/endpoint.ts';

/** How a command ended: one of the two is null. */
export interface Ending {
  readonly exitCode: number | null;
  /** Without `SIG`: `TERM`, `KILL`, … (RFC 4254 §6.10). */
  readonly signal: string | null;
}

/** A channel with a command on it, and how that ended. */
export class CommandChannel<Pipe extends CommandPipe = CommandPipe> {
  readonly channel: Pipe;
  #ending: Ending | undefined;
  #listener: (() => void) | undefined;

  constructor(channel: Pipe) {
    this.channel = channel;
    channel.on('exit', (exitCode: number | null, signal?: string) => {
      this.#ending = { exitCode, signal: signal?.replace(/^SIG/, '') ?? null };
      this.#listener?.();
    });
  }

  /** Undefined while it runs. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  onEnding(listener: () => void): void {
    this.#listener = listener;
    if (this.#ending) listener();
  }
}

/**
 * Opens a channel and listens for the command's end from the first moment: a server may send the answer and the exit
 * status in one packet, before any promise is settled.
 */
export function openCommandChannel<Client extends CommandClient, Pipe extends CommandPipe>(
  connection: CommandConnection<Client>,
  endpoint: SshEndpoint,
  what: string,
  open: (client: Client, done: (error: Error | undefined, channel: Pipe) => void) => void,
): Promise<CommandChannel<Pipe>> {
  return openOn<CommandChannel<Pipe>, Client>(connection, endpoint, {
    what,
    open: (client, done) => {
      open(client, (error, channel) => {
        if (error) done(error);
        else done(undefined, new CommandChannel(channel));
      });
    },
  });
}
