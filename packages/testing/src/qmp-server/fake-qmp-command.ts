import type { FakeJobs } from './fake-jobs.ts';

/** Arguments of a command, as they arrive. */
export type FakeArguments = Readonly<Record<string, unknown>>;

/** The monitor as a command sees it. */
export interface FakeMonitor {
  readonly version: { readonly major: number; readonly minor: number; readonly micro: number };
  readonly package: string;
  readonly jobs: FakeJobs;
  /** Names of the commands that are there. */
  readonly commandNames: readonly string[];
  /** What `query-status` tells; `stop` and `cont` change it. */
  running: boolean;
  /** Sends an event to a client that has negotiated; others do not get any. */
  emit(event: string, data?: object): void;
  /** Sends bytes as they are: half a line, garbage, another protocol. */
  sendRaw(bytes: string | Uint8Array): void;
  /** Hangs up on the client, after what was sent so far. */
  hangUp(): void;
}

/** Answers a command: what it returns is the result, a {@link FakeQmpError} is the error. */
export type FakeQmpHandler = (args: FakeArguments, server: FakeMonitor) => unknown;
