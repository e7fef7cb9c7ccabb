/** Ctrl-C in two stages, and what ends a session of a terminal (SIGTERM, SIGHUP) likewise. */
export interface Interrupts {
  readonly interrupt: AbortSignal;
  readonly kill: AbortSignal;
}

/**
 * Listens to the signals of this process. The first asks to stop, the second cuts off, the third leaves at once.
 * What that means is told by the command that runs.
 */
export function listenForInterrupts(): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  let count = 0;
  const hear = () => {
    count++;
    if (count === 1) first.abort(aborted('interrupted'));
    else if (count === 2) second.abort(aborted('interrupted twice'));
    else process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, hear);
  return { interrupt: first.signal, kill: second.signal };
}

function aborted(message: string): Error {
  const error = new Error(message);
  error.name = 'AbortError';
  return error;
}
