import { type ExitCause, exitCause, type ProcessExit } from '../launch/exit-cause.ts';

/** How a machine ended. */
export interface MachineExit extends ProcessExit {
  /**
   * `guest`: the guest shut down (or reset, where that ends the machine). `host`: it was asked to quit or was sent a
   * signal that it obeyed. `crashed`: the guest panicked. `failed`: QEMU broke off, see `failure`. `unknown`: it was
   * gone when it was checked.
   */
  readonly cause: 'guest' | 'host' | 'crashed' | 'failed' | 'unknown';
  /** QEMU's own word: QAPI `ShutdownCause`, `guest-shutdown` or `host-qmp-quit` for instance. */
  readonly reason?: string;
  readonly failure?: ExitCause;
  readonly lastWords?: string;
}

export function machineExit(
  exit: ProcessExit,
  reason: string | undefined,
  panicked: boolean,
  lastWords: string,
): MachineExit {
  const seen = { ...exit, ...(reason ? { reason } : {}), ...(lastWords ? { lastWords } : {}) };
  if (panicked || reason === 'guest-panic') return { ...seen, cause: 'crashed' };
  const failed = Boolean(exit.signal) || (exit.code ?? 0) !== 0;
  if (failed && !reason) return { ...seen, cause: 'failed', failure: exitCause(exit, lastWords).cause };
  if (reason?.startsWith('guest-') || reason === 'subsystem-reset') return { ...seen, cause: 'guest' };
  return { ...seen, cause: reason || exit.code === 0 ? 'host' : 'unknown' };
}
