/** A job as `query-jobs` shows it. */
export interface FakeJob {
  readonly id: string;
  readonly type: string;
  status: string;
  'current-progress': number;
  'total-progress': number;
  error?: string;
}

/** How a fake job proceeds and ends. */
export interface FakeJobOptions {
  readonly type?: string;
  /** Fails with these words. */
  readonly error?: string;
  /** Stops at `ready` until `job-complete`, as a mirror does. */
  readonly ready?: boolean;
  /** Stops at `pending` until `job-finalize`, as one that was started with `auto-finalize: false` does. */
  readonly pending?: boolean;
  /** Continues by itself; default true. With false it runs until it is cancelled. */
  readonly finishes?: boolean;
  /** Goes away by itself once it is concluded, as block jobs do by default. @default false */
  readonly autoDismiss?: boolean;
}

/** Sends an event of a fake job to the clients. */
export type Emit = (event: 'JOB_STATUS_CHANGE', data: { id: string; status: string }) => void;

/** The jobs of a fake QEMU: each step is a JOB_STATUS_CHANGE in a turn of the event loop of its own. */
export class FakeJobs {
  readonly #emit: Emit;
  readonly #jobs = new Map<string, FakeJob>();
  readonly #autoDismiss = new Set<string>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  list(): readonly FakeJob[] {
    return [...this.#jobs.values()];
  }

  get(id: string): FakeJob | undefined {
    return this.#jobs.get(id);
  }

  start(id: string, options: FakeJobOptions = {}): void {
    const type = options.type ?? 'create';
    const job: FakeJob = { id, type, status: 'undefined', 'current-progress': 0, 'total-progress': 100 };
    this.#jobs.set(id, job);
    if (options.autoDismiss) this.#autoDismiss.add(id);
    this.#change(job, 'created');
    this.#change(job, 'running');
    if (options.finishes === false) return;
    setImmediate(() => {
      if (job.status !== 'running') return;
      job['current-progress'] = 50;
      if (options.ready) this.#change(job, 'ready');
      else if (options.pending) {
        this.#change(job, 'waiting');
        this.#change(job, 'pending');
      } else this.finish(id, options.error);
    });
  }

  /** Ends a job, well or with an error. */
  finish(id: string, error?: string): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    if (error === undefined) {
      job['current-progress'] = job['total-progress'];
      this.#change(job, 'waiting');
      this.#change(job, 'pending');
    } else {
      job.error = error;
      this.#change(job, 'aborting');
    }
    this.#change(job, 'concluded');
    if (this.#autoDismiss.delete(id)) this.dismiss(id);
  }

  dismiss(id: string): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    this.#change(job, 'null');
    this.#jobs.delete(id);
  }

  #change(job: FakeJob, status: string): void {
    job.status = status;
    this.#emit('JOB_STATUS_CHANGE', { id: job.id, status });
  }
}
