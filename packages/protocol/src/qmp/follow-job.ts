import { deferred, type GoqemuError, type Unsubscribe } from '@goqemu/core';
import type { AnyQmpEvent, ExecuteOptions } from './commands.ts';
import { jobLostError } from './job-errors.ts';
import { isQmpCommandError } from './qmp-errors.ts';

/** What following a job takes from the client. */
export interface JobMonitor {
  readonly peer: string;
  execute(command: string, args?: object, options?: ExecuteOptions): Promise<unknown>;
  timeoutOf(command: string): number;
  follow(listener: (event: AnyQmpEvent) => void, onEnd: (error: GoqemuError) => void): Unsubscribe;
}

/** What a job waits for on its way. */
export interface JobActions {
  readonly ready: () => Promise<unknown>;
  /** Absent when the job finalizes itself. */
  readonly pending?: () => Promise<unknown>;
}

export interface JobOutcome {
  readonly error?: string;
}

export interface FollowedJob {
  /** How it ended; it is dismissed by then. Rejects when the connection ends first. */
  readonly outcome: Promise<JobOutcome>;
  /** Rejects with what an action threw; never resolves. */
  readonly actionFailed: Promise<never>;
  /** Ends the job; gives its outcome when it had ended by itself, undefined when this cancelled it. */
  cancel(): Promise<JobOutcome | undefined>;
  /** It never began. */
  leave(): void;
}

/** QEMU answers these from memory as soon as it runs again; only the end of the connection is final. */
const unlimited: ExecuteOptions = { timeoutMs: Number.POSITIVE_INFINITY };

/** Follows a job from before it starts, so that none of its events is missed, until it has been dismissed. */
export function followJob(monitor: JobMonitor, id: string, actions: JobActions): FollowedJob {
  const outcome = deferred<JobOutcome>();
  const failure = deferred<never>();
  let blockJobError: string | undefined;
  let begun: Partial<JobActions> = actions;
  const act = (name: keyof JobActions) => {
    const action = begun[name];
    begun = { ...begun, [name]: undefined };
    // Through a microtask, so that what the action throws at once arrives here as well.
    if (action) Promise.resolve().then(action).catch(failure.reject);
  };
  const leave = monitor.follow(
    (event) => {
      const data = event.data as { id?: string; status?: string; device?: string; error?: string } | undefined;
      if (event.event === 'BLOCK_JOB_COMPLETED' && data?.device === id) blockJobError = data.error;
      if (event.event === 'BLOCK_JOB_CANCELLED' && data?.device === id) blockJobError = 'cancelled';
      if (event.event !== 'JOB_STATUS_CHANGE' || data?.id !== id) return;
      if (data.status === 'ready' || data.status === 'pending') act(data.status);
      if (data.status === 'concluded')
        conclude(monitor, id, () => blockJobError)
          .then(outcome.resolve, outcome.reject)
          .finally(leave);
    },
    (error) => {
      outcome.reject(jobLostError(monitor.peer, id, error));
      leave();
    },
  );
  outcome.promise.catch(() => undefined);
  failure.promise.catch(() => undefined);
  return {
    outcome: outcome.promise,
    actionFailed: failure.promise,
    leave,
    async cancel() {
      begun = {};
      try {
        await monitor.execute('job-cancel', { id }, unlimited);
      } catch (error) {
        if (!isQmpCommandError(error)) throw error;
        return await outcome.promise; // it had ended by itself
      }
      await outcome.promise;
      return undefined;
    },
  };
}

/** A job that dismisses itself may be gone by now; then the block job's own event had its error. */
async function conclude(monitor: JobMonitor, id: string, blockJobError: () => string | undefined): Promise<JobOutcome> {
  const jobs = (await monitor.execute('query-jobs', undefined, unlimited)) as { id: string; error?: string }[];
  const job = jobs.find((candidate) => candidate.id === id);
  const error = job ? job.error : blockJobError();
  if (job) {
    await monitor.execute('job-dismiss', { id }, unlimited).catch((refusal: unknown) => {
      if (!isQmpCommandError(refusal)) throw refusal; // it dismissed itself meanwhile
    });
  }
  return error === undefined ? {} : { error };
}
