import { GoqemuError, sleep } from '@goqemu/core';
import type { AnyQmpEvent, QmpCommandName } from './commands.ts';
import type { QmpClient } from './qmp-client.ts';

/** How far a job is; the units are the job's own (mostly bytes) and `total` may grow. */
export interface JobProgress {
  readonly current: number;
  readonly total: number;
}

export interface RunJobOptions {
  /** Milliseconds for the whole job; default: no limit, because disks take as long as they take. */
  readonly timeoutMs?: number;
  /** Cancels the job in QEMU, and then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
  /** Milliseconds between looks at the progress; default 500. */
  readonly progressIntervalMs?: number;
  /** What to do when a mirror or an active commit is `ready`; default `job-complete`. */
  readonly whenReady?: () => Promise<unknown>;
}

interface JobOutcome {
  readonly error?: string;
}

/**
 * Starts a job with a command that takes `job-id`, waits until it is `concluded`, reads its error and dismisses
 * it (QEMU qmp reference, “Background jobs”; since 3.0).
 *
 * @throws GoqemuError `qmp-job-failed` with QEMU's reason; `timeout` and the signal's reason after cancelling
 */
export async function runJob(
  qmp: QmpClient,
  command: QmpCommandName,
  args: { readonly 'job-id'?: string | undefined },
  options: RunJobOptions = {},
): Promise<void> {
  const id = args['job-id'];
  if (!id) throw jobIdMissingError(command);
  const watch = watchJob(qmp, id);
  const limit = new AbortController();
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => limit.abort(jobTimeoutError(id, command, options.timeoutMs ?? 0)), options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, limit.signal]) : limit.signal;
  const done = new AbortController();
  try {
    signal.throwIfAborted();
    watch.onReady(options.whenReady ?? (() => qmp.executeUntyped('job-complete', { id })));
    await start(qmp, command, args, signal, () => cancel(qmp, id, watch.outcome));
    const reporting = options.onProgress ? report(qmp, id, options, done.signal) : Promise.resolve();
    reporting.catch(() => undefined); // it is awaited below, but may fail before
    const outcome = await settled(watch.outcome, signal, () => cancel(qmp, id, watch.outcome));
    done.abort();
    await reporting;
    if (outcome.error !== undefined) throw jobFailedError(id, command, outcome.error);
  } finally {
    done.abort();
    clearTimeout(timer);
    watch.stop();
  }
}

/** Given up while it starts, a job may have begun all the same: QEMU gets the cancel after the start. */
async function start(
  qmp: QmpClient,
  command: string,
  args: object,
  signal: AbortSignal,
  cancelJob: () => Promise<void>,
): Promise<void> {
  try {
    await qmp.executeUntyped(command, args, { signal });
  } catch (error) {
    if (signal.aborted) await cancelJob();
    throw error;
  }
}

/** Follows the job from before it starts, so that none of its events is missed. */
function watchJob(qmp: QmpClient, id: string) {
  let whenReady: (() => Promise<unknown>) | undefined;
  let blockJobError: string | undefined;
  let settle: (outcome: JobOutcome) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const outcome = new Promise<JobOutcome>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  const stop = qmp.onAny((event: AnyQmpEvent) => {
    const data = event.data as { id?: string; status?: string; device?: string; error?: string } | undefined;
    if (event.event === 'BLOCK_JOB_COMPLETED' && data?.device === id) blockJobError = data.error;
    if (event.event === 'BLOCK_JOB_CANCELLED' && data?.device === id) blockJobError = 'cancelled';
    if (event.event !== 'JOB_STATUS_CHANGE' || data?.id !== id) return;
    if (data.status === 'ready' && whenReady) whenReady().catch(fail);
    if (data.status === 'concluded') conclude(qmp, id, () => blockJobError).then(settle, fail);
  });
  outcome.catch(() => undefined);
  void qmp.closed.then(({ error }) => fail(error ?? closedError(qmp, id)));
  return {
    outcome,
    stop,
    onReady: (action: () => Promise<unknown>) => {
      whenReady = action;
    },
  };
}

/** A job that dismisses itself may be gone by now; then the block job's own event told of its error. */
async function conclude(qmp: QmpClient, id: string, blockJobError: () => string | undefined): Promise<JobOutcome> {
  const jobs = (await qmp.executeUntyped('query-jobs')) as { id: string; error?: string }[];
  const job = jobs.find((candidate) => candidate.id === id);
  const error = job ? job.error : blockJobError();
  if (job) await qmp.executeUntyped('job-dismiss', { id });
  return error === undefined ? {} : { error };
}

async function settled(
  outcome: Promise<JobOutcome>,
  signal: AbortSignal,
  cancelJob: () => Promise<void>,
): Promise<JobOutcome> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    abort = () => resolve('aborted');
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
  const first = await Promise.race([outcome, aborted]);
  if (abort) signal.removeEventListener('abort', abort);
  if (first !== 'aborted') return first;
  await cancelJob();
  throw signal.reason;
}

/** Milliseconds for a cancelled job to conclude; one that hangs in its disk must not hold the caller. */
const cancelTimeoutMs = 30_000;

async function cancel(qmp: QmpClient, id: string, outcome: Promise<JobOutcome>): Promise<void> {
  const stop = new AbortController();
  const cancelled = await qmp.executeUntyped('job-cancel', { id }).then(
    () => true,
    () => false, // it has concluded by itself, or never began
  );
  if (!cancelled) return;
  await Promise.race([outcome.catch(() => undefined), sleep(cancelTimeoutMs, stop.signal).catch(() => undefined)]);
  stop.abort();
}

async function report(qmp: QmpClient, id: string, options: RunJobOptions, done: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await sleep(options.progressIntervalMs ?? 500, done);
      const jobs = (await qmp.executeUntyped('query-jobs', undefined, { signal: done })) as {
        id: string;
        'current-progress': number;
        'total-progress': number;
      }[];
      const job = jobs.find((candidate) => candidate.id === id);
      if (job) options.onProgress?.({ current: job['current-progress'], total: job['total-progress'] });
    }
  } catch (error) {
    if (!done.aborted) throw error;
  }
}

function jobIdMissingError(command: string): GoqemuError {
  return new GoqemuError({
    code: 'qmp-job-id-missing',
    source: 'user',
    subject: command,
    message: `${command} needs a 'job-id' to be followed as a job`,
    hint: "add a 'job-id' that no other job has",
  });
}

function jobFailedError(id: string, command: string, reason: string): GoqemuError {
  return new GoqemuError({
    code: 'qmp-job-failed',
    source: 'environment',
    subject: id,
    message: `the job ${id} (${command}) failed: ${reason}`,
    data: { id, command, reason },
  });
}

function jobTimeoutError(id: string, command: string, milliseconds: number): GoqemuError {
  return new GoqemuError({
    code: 'timeout',
    source: 'environment',
    subject: id,
    message: `the job ${id} (${command}) was cancelled: it did not finish within ${milliseconds} ms`,
    data: { id, command, milliseconds },
  });
}

function closedError(qmp: QmpClient, id: string): GoqemuError {
  return new GoqemuError({
    code: 'qmp-closed',
    source: 'environment',
    subject: id,
    message: `the QMP connection to ${qmp.peer} was closed while the job ${id} ran`,
    hint: 'the job goes on in QEMU: look at it with query-jobs',
    data: { id, peer: qmp.peer },
  });
}
