import { errorMessage, sleep } from '@goqemu/core';
import type { CommandClient, CommandConnection } from './command-connection.ts';
import type { SshEndpoint } from './endpoint.ts';
import { connectFailed } from './session-errors.ts';

type Callback<T> = (error: Error | undefined | null, value?: T) => void;

/** Raised when the connection broke before the request was answered: what was asked has not begun. */
export class NotBegun extends Error {}

/** Something that is opened on a connection. */
export interface Opening<T, Client> {
  /** What a refusal of it names. */
  readonly what: string;
  readonly open: (client: Client, callback: Callback<T>) => void;
  /** Whether a refusal is tried again. @default true */
  readonly patient?: boolean;
}

/**
 * Opens something on a connection. A server that has not yet noticed the end of earlier channels refuses new ones
 * for a moment (OpenSSH's MaxSessions), so with `patient` a refusal is tried again for two seconds.
 *
 * @throws NotBegun when the connection breaks; GoqemuError `connect-failed` when the server keeps refusing
 */
export async function openOn<T, Client extends CommandClient = CommandClient>(
  connection: CommandConnection<Client>,
  endpoint: SshEndpoint,
  { what, open, patient = true }: Opening<T, Client>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    if (connection.brokenBecause !== undefined) throw new NotBegun(connection.brokenBecause);
    try {
      return await untilBroken(
        connection,
        new Promise<T>((resolve, reject) => {
          open(connection.client, (error, value) => (error ? reject(error) : resolve(value as T)));
        }),
      );
    } catch (error) {
      if (error instanceof NotBegun) throw error;
      // ssh2 answers what is outstanding before it says that the connection is closed.
      if (/not connected|no response from server/i.test(errorMessage(error))) throw new NotBegun(errorMessage(error));
      if (!patient || attempt >= 20)
        throw connectFailed(endpoint, `the server refused ${what}: ${errorMessage(error)}`, error);
      await sleep(100);
    }
  }
}

/**
 * Settles as the promise does, or when the connection breaks.
 *
 * @throws NotBegun with the reason
 */
export async function untilBroken<T>(connection: Pick<CommandConnection, 'onBroken'>, promise: Promise<T>): Promise<T> {
  let unsubscribe: () => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    unsubscribe = connection.onBroken((reason) => reject(new NotBegun(reason)));
  });
  try {
    return await Promise.race([promise, broken]);
  } finally {
    unsubscribe();
  }
}
