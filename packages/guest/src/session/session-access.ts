import type { Logger } from '@goqemu/core';
import type { Command, CommandOptions, CommandResult } from '../command/command-options.ts';
import type { Connection } from './connection.ts';
import type { SshEndpoint } from './endpoint.ts';

/** What transfers, tunnels and shells are built on. */
export interface SessionAccess {
  readonly endpoint: SshEndpoint;
  readonly logger: Logger;
  withConnection<T>(signal: AbortSignal | undefined, work: (connection: Connection) => Promise<T>): Promise<T>;
  withSlot<T>(signal: AbortSignal | undefined, work: (connection: Connection) => Promise<T>): Promise<T>;
  exec(command: Command, options?: CommandOptions): Promise<CommandResult>;
}
