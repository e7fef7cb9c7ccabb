import { endLeases } from '@goqemu/test/process';

/** Milliseconds to take away what tests have, when the run is over before they are. */
const graceMs = 15_000;

/**
 * Ends this process when the one that started it is gone, however that ended: the runner of a `goqemu test` is connected to
 * it, and each process of a test file has its standard input from the runner.
 */
export function followParent(): void {
  if (process.env.NODE_TEST_CONTEXT === undefined) {
    process.on('disconnect', () => process.exit(1));
    process.channel?.unref();
    return;
  }
  let left = false;
  const end = () => {
    if (left) return;
    left = true;
    setTimeout(() => process.exit(1), graceMs).unref();
    endLeases().finally(() => process.exit(1));
  };
  const { stdin } = process;
  stdin.on('end', end).on('close', end).on('error', end).resume();
  (stdin as { unref?: () => void }).unref?.();
}
