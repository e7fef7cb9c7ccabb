import { anySignal, callListener, deferred, longestTimerMs, orUndone, sleep, within } from '@goqemu/core';
import type { QmpCommandName } from './commands.ts';
import { type FollowedJob, followJob, type JobActions, type JobMonitor, type JobOutcome } from './follow-job.ts';
import { jobFailedError, jobIdMissingError, jobTimeoutError } from './job-errors.ts';

/** How far a job is; the units are the job's own (mostly bytes) and `total` may grow. */
export interface JobProgress {
  readonly current: number;
  readonly total: number;
}

/** How a job is run to its end, and who is notified meanwhile. */
export interface RunJobOptions {
  /** Milliseconds for the whole job; default: no limit, because disks take as long as they take. */
  readonly timeoutMs?: number;
  /** Cancels the job in QEMU, and then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** An observer: what it throws is a warning of the process, and a progress that could not be read is left out. */
  readonly onProgress?: (progress: JobProgress) => void;
  /** Milliseconds between progress reports; default 500. */
  readonly progressIntervalMs?: number;
  /** What to do when a mirror or an active commit is `ready`; default `job-complete`. Its failure cancels the job. */
  readonly whenReady?: () => Promise<unknown>;
  /**
   * What to do when a job that was started with `auto-finalize: false` is `pending`; default `job-finalize`. Its
   * failure cancels the job.
   */
  readonly whenPending?: () => Promise<unknown>;
}

interface JobArguments {
  readonly 'job-id'?: string | undefined;
  readonly 'auto-finalize'?: boolean | undefined;
}

/**
 * Starts a job with a command that takes `job-id`, waits until it is `concluded`, reads its error and dismisses
 * it (QEMU qmp reference, “Background jobs”; since 3.0).
 *
 * @throws GoqemuError `qmp-job-failed` with QEMU's reason; `timeout` and the signal's reason after cancelling
 */
export async function runJob(
  monitor: JobMonitor,
  command: QmpCommandName,
  args: JobArguments,
  options: RunJobOptions = {},
): Promise<void> {
  const id = args['job-id'];
  if (!id) throw jobIdMissingError(command);
  options.signal?.throwIfAborted();
  const limit = new AbortController();
  const { timeoutMs } = options;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => limit.abort(jobTimeoutError(id, command, timeoutMs)), Math.min(timeoutMs, longestTimerMs));
  const signal = anySignal(options.signal, limit.signal);
  const done = new AbortController();
  try {
    const job = await start(monitor, command, args, { id, signal, actions: actionsOf(monitor, id, args, options) });
    if (options.onProgress) void report(monitor, id, options, done.signal);
    const { error } = await settled(job, signal);
    if (error !== undefined) throw jobFailedError(id, command, error);
  } finally {
    done.abort();
    clearTimeout(timer);
  }
}

function actionsOf(monitor: JobMonitor, id: string, args: JobArguments, options: RunJobOptions): JobActions {
  const { whenReady, whenPending } = options;
  return {
    ready: whenReady ?? (() => monitor.execute('job-complete', { id })),
    ...(args['auto-finalize'] === false
      ? { pending: whenPending ?? (() => monitor.execute('job-finalize', { id })) }
      : {}),
  };
}

/** A start that is given up may still happen: the job is then cancelled as soon as QEMU has answered. */
async function start(
  monitor: JobMonitor,
  command: string,
  args: object,
  { id, signal, actions }: { readonly id: string; readonly signal: AbortSignal; readonly actions: JobActions },
): Promise<FollowedJob> {
  signal.throwIfAborted();
  const job = followJob(monitor, id, actions);
  await orUndone({
    name: command,
    timeoutMs: monitor.timeoutOf(command),
    signal,
    change: async () => {
      try {
        await monitor.execute(command, args, { timeoutMs: Number.POSITIVE_INFINITY });
      } catch (error) {
        job.leave();
        throw error;
      }
    },
    undo: () => job.cancel(),
  });
  return job;
}

/** Milliseconds for a cancelled job to conclude; one that hangs in its disk must not hold the caller. */
const cancelTimeoutMs = 30_000;

/** The job's outcome, also when it had ended by itself before the cancel could reach it. */
async function settled(job: FollowedJob, signal: AbortSignal): Promise<JobOutcome> {
  const aborted = deferred<'aborted'>();
  const abort = () => aborted.resolve('aborted');
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const first = await Promise.race([job.outcome, job.actionFailed, aborted.promise]);
    if (first !== 'aborted') return first;
  } catch (error) {
    await within(cancelTimeoutMs, job.cancel());
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  const ended = await orElse(job.cancel(), cancelTimeoutMs);
  if (ended) return ended;
  throw signal.reason;
}

/** Undefined when the work fails or takes too long. */
async function orElse<T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let value: T | undefined;
  await within(
    milliseconds,
    work.then((result) => {
      value = result;
    }),
  );
  return value;
}

/** Observes only: a report that is lost changes nothing about the job. */
async function report(monitor: JobMonitor, id: string, options: RunJobOptions, done: AbortSignal): Promise<void> {
  const { onProgress = () => undefined, progressIntervalMs = 500 } = options;
  while (
    await sleep(progressIntervalMs, done).then(
      () => true,
      () => false,
    )
  ) {
    const jobs = (await monitor.execute('query-jobs', undefined, { signal: done }).catch(() => [])) as {
      id: string;
      'current-progress': number;
      'total-progress': number;
    }[];
    const job = jobs.find((candidate) => candidate.id === id);
    if (!job || done.aborted) continue;
    callListener('onProgress', onProgress, { current: job['current-progress'], total: job['total-progress'] });
  }
}
