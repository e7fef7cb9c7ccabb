import type { Readable, Writable } from 'node:stream';
import type { Shell } from '../shell/shell.ts';

/** The other end of a terminal: a shell of the guest, or a serial console. */
export interface RemoteTerminal {
  readonly input: Writable;
  readonly output: Readable;
  resize?(size: { readonly columns: number; readonly rows: number }): void;
}

export interface AttachOptions {
  /** Settles when the other end is over. */
  readonly ended: Promise<unknown>;
  /** A byte that leaves, instead of being typed: 0x1d is Ctrl-]. */
  readonly escape?: number;
}

/**
 * Joins this terminal to another one until that is over or the user leaves: keys go over as they are, Ctrl-C too.
 * The terminal is put back as it was, whatever happens.
 */
export async function attachTerminal(shell: Shell, remote: RemoteTerminal, options: AttachOptions): Promise<void> {
  const { stdin, stdout } = shell;
  let leave: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const typed = (chunk: Buffer) => {
    const at = options.escape === undefined ? -1 : chunk.indexOf(options.escape);
    remote.input.write(at < 0 ? chunk : chunk.subarray(0, at));
    if (at >= 0) leave();
  };
  const shown = (chunk: Buffer) => stdout.write(chunk);
  const resized = () => {
    const { columns, rows } = stdout as { columns?: number; rows?: number };
    if (columns && rows) remote.resize?.({ columns, rows });
  };
  stdin.setRawMode?.(true);
  stdin.on('data', typed);
  stdin.once('end', leave);
  remote.output.on('data', shown);
  stdout.on('resize', resized);
  stdin.resume();
  try {
    await Promise.race([options.ended, left]);
  } finally {
    stdin.off('data', typed);
    stdin.off('end', leave);
    remote.output.off('data', shown);
    stdout.off('resize', resized);
    stdin.setRawMode?.(false);
    stdin.pause();
  }
}
