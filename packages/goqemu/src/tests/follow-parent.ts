import { endLeases } from '@goqemu/test/process';

/** Milliseconds to take away what tests have, when the run is over before they are. */
const graceMs = 30_000;

/** In the process of Node's runner: ends it when `goqemu test`, which it is connected to, has ended, however that was. */
export function followCommand(): void {
  process.on('disconnect', () => process.exit(1));
  process.channel?.unref();
}

/**
 * In the process of a test file: ends it when Node's runner has ended, from which it has its standard input, and takes away
 * what its tests have.
 */
export function followRunner(): void {
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
