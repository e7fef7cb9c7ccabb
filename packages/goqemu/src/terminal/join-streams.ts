import type { InteractiveShell } from '@goqemu/guest';
import type { Shell } from '../shell/shell.ts';

/** Joins standard input and outputs to a shell without a terminal, byte for byte, until that has ended. */
export async function joinStreams(
  { stdin, stdout, stderr }: Shell,
  remote: Pick<InteractiveShell, 'stdin' | 'stdout' | 'stderr' | 'ending'>,
): Promise<void> {
  stdin.pipe(remote.stdin);
  remote.stdout.pipe(stdout, { end: false });
  remote.stderr.pipe(stderr, { end: false });
  try {
    await remote.ending;
  } finally {
    stdin.unpipe(remote.stdin);
    stdin.pause();
  }
}
