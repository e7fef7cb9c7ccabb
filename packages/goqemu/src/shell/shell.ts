import type { Readable, Writable } from 'node:stream';
import type { HostPlatform, Logger } from '@goqemu/core';
import type { Backend } from '@goqemu/lab';

/** A stream that may be a terminal. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
export type InputStream = Readable & { readonly isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };

/** What the command line takes from its process, as a value: a test runs the same code with its own. */
export interface Shell {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly platform: HostPlatform;
  readonly workingFolder: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** First Ctrl-C: begin nothing more, let what runs end. */
  readonly interrupt: AbortSignal;
  /** Second Ctrl-C: interrupt what is running. */
  readonly kill: AbortSignal;
  /** Made on first use, so that a command that needs none loads none. */
  readonly createBackend: (logger: Logger) => Promise<Backend>;
}
