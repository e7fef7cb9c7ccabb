import { constants } from 'node:os';

/** Ctrl-C in two stages, and the signals that end a session or a service likewise. */
export interface Interrupts {
  readonly interrupt: AbortSignal;
  readonly kill: AbortSignal;
  /** Does what a first Ctrl-C does, once. */
  stop(): void;
  /** The exit code of a command that was interrupted: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP. */
  exitCode(): number;
}

/** How long what runs may take to end after SIGTERM or SIGHUP, in milliseconds: no user is there to press Ctrl-C again. */
const graceMs = 10_000;

/** Signals that goqemu listens to, with its listener. */
const listening = new Map<NodeJS.Signals, () => void>();

/**
 * While the lab's own code runs a signal ends the process at once: in a lab that never returns no listener would run,
 * and neither Ctrl-C nor SIGTERM end it.
 *
 * @returns has the signals heard again
 */
export function leaveSignals(host: Pick<NodeJS.Process, 'on' | 'off'> = process): () => void {
  for (const [signal, listener] of listening) host.off(signal, listener);
  return () => {
    for (const [signal, listener] of listening) host.on(signal, listener);
  };
}

/**
 * Listens to the signals of this process. The first asks to stop, the second interrupts what runs, the third exits at
 * once; after SIGTERM and SIGHUP the second stage comes by itself. What the stages mean is up to the command that runs.
 */
export function listenForInterrupts(host: Pick<NodeJS.Process, 'on' | 'exit' | 'platform'> = process): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  let by: 'SIGINT' | 'SIGTERM' | 'SIGHUP' = 'SIGINT';
  const listeners = [
    ...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => [signal, signal] as const),
    // Ctrl-Break of Windows is Ctrl-C to a user. Elsewhere there is no such signal, and nothing to listen to.
    ...(host.platform === 'win32' ? ([['SIGBREAK', 'SIGINT']] as const) : []),
  ];
  const exitCode = () => 128 + constants.signals[by];
  const stop = () => first.abort(aborted('interrupted'));
  const kill = () => second.abort(aborted('interrupted twice'));
  let count = 0;
  for (const [signal, meaning] of listeners) {
    const listener = () => {
      count++;
      if (count === 1) by = meaning;
      if (count === 1) stop();
      else if (count === 2) kill();
      else host.exit(exitCode());
      if (meaning !== 'SIGINT') setTimeout(kill, graceMs).unref();
    };
    host.on(signal, listener);
    listening.set(signal, listener);
  }
  return { interrupt: first.signal, kill: second.signal, stop, exitCode };
}

function aborted(message: string): Error {
  const error = new Error(message);
  error.name = 'AbortError';
  return error;
}
