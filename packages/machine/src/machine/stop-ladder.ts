import { anySignal, errorMessage, isGoqemuError } from '@goqemu/core';

/** From the gentlest to the last: each is tried when the one before did not end the machine in its time. */
const stopRungs = ['guest-agent', 'acpi', 'quit', 'sigterm', 'sigkill'] as const;
/** A way of stopping a machine, from the gentlest on. */
export type StopRung = (typeof stopRungs)[number];

/** Milliseconds that each rung has to end the machine; 0 leaves it out. */
export type StopTimeouts = Readonly<Record<StopRung, number>>;

/** Milliseconds for each way of stopping a machine. */
export const defaultStopTimeouts: StopTimeouts = {
  'guest-agent': 30_000,
  acpi: 30_000,
  quit: 10_000,
  sigterm: 5_000,
  sigkill: 5_000,
};

/** What became of one rung. */
export interface StopStep {
  readonly rung: StopRung;
  readonly outcome: 'ended' | 'timed-out' | 'failed' | 'skipped';
  readonly reason?: string;
  readonly durationMs: number;
}

export interface Rung {
  readonly name: StopRung;
  /** Why it makes no sense to try now, or undefined. */
  readonly skip?: () => string | undefined;
  /** Asks for the end; the wait for it follows. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
}

export interface LadderOptions {
  readonly timeouts: StopTimeouts;
  readonly signal: AbortSignal | undefined;
  /** Resolves when the machine has ended; rejects with the signal's reason. */
  readonly ended: (signal: AbortSignal) => Promise<void>;
}

/** Climbs until the machine has ended; the steps tell what was tried, and why it was not enough. */
export async function climb(rungs: readonly Rung[], options: LadderOptions): Promise<StopStep[]> {
  const steps: StopStep[] = [];
  for (const rung of rungs) {
    const reason = options.timeouts[rung.name] === 0 ? 'left out by the caller' : rung.skip?.();
    if (reason !== undefined) {
      steps.push({ rung: rung.name, outcome: 'skipped', reason, durationMs: 0 });
      continue;
    }
    const step = await tryRung(rung, options);
    steps.push(step);
    if (step.outcome === 'ended') break;
  }
  return steps;
}

async function tryRung(rung: Rung, { timeouts, signal, ended }: LadderOptions): Promise<StopStep> {
  signal?.throwIfAborted();
  const started = performance.now();
  const done = (outcome: StopStep['outcome'], reason?: string): StopStep => ({
    rung: rung.name,
    outcome,
    ...(reason ? { reason } : {}),
    durationMs: Math.round(performance.now() - started),
  });
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeouts[rung.name]);
  const both = anySignal(signal, limit.signal);
  const watch = ended(both).then(
    () => true,
    () => false,
  );
  try {
    const asked = rung.ask(both).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    // It may end before the answer to the question comes, or without one.
    const first = await Promise.race([watch.then((over) => ({ over })), asked]);
    const failure = first && 'error' in first ? first.error : undefined;
    if (failure !== undefined && !limit.signal.aborted && !both.aborted) {
      // A question that failed because the machine ended under it has done its work.
      const over = await Promise.race([watch, new Promise<false>((resolve) => setTimeout(resolve, 200, false))]);
      return over ? done('ended') : done('failed', failureReason(failure));
    }
    if (await watch) return done('ended');
    signal?.throwIfAborted();
    return done('timed-out', `the machine was still running after ${timeouts[rung.name]} ms`);
  } finally {
    clearTimeout(timer);
    limit.abort();
  }
}

function failureReason(error: unknown): string {
  return isGoqemuError(error) ? `${error.code}: ${error.message}` : errorMessage(error);
}
