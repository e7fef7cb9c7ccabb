import type { Operation } from '../resource/operation.ts';
import { subjectOf } from '../resource/operation-subject.ts';

export interface GraphOptions {
  readonly operations: readonly Operation[];
  /** Operations at a time. */
  readonly parallel: number;
  /** Begin nothing more once it has fired. */
  readonly interrupt: AbortSignal | undefined;
  /** Whether there is room for an operation now. */
  readonly admit: (operation: Operation) => boolean;
  /** Resolves to false when the operation failed; never rejects. */
  readonly run: (operation: Operation) => Promise<boolean>;
  readonly skipped: (operation: Operation, reason: string) => void;
  /** Nothing runs, so nothing will make room: says no for good. */
  readonly refused: (operation: Operation) => void;
}

/** Runs operations as soon as what they depend on is done, in the order of the plan where several could go. */
export async function runGraph(options: GraphOptions): Promise<void> {
  await new GraphRun(options).toTheEnd();
}

class GraphRun {
  readonly #options: GraphOptions;
  readonly #dependents: ReadonlyMap<string, readonly Operation[]>;
  /** How many operations each still waits for. */
  readonly #waiting: Map<string, number>;
  readonly #ready: Operation[];
  readonly #running = new Set<Promise<void>>();
  readonly #settled = new Set<string>();

  constructor(options: GraphOptions) {
    const { operations } = options;
    this.#options = options;
    this.#dependents = dependentsOf(operations);
    this.#waiting = new Map(operations.map(({ id, dependsOn }) => [id, dependsOn.length]));
    this.#ready = operations.filter(({ dependsOn }) => dependsOn.length === 0);
  }

  async toTheEnd(): Promise<void> {
    const { operations, interrupt, refused } = this.#options;
    for (;;) {
      if (!interrupt?.aborted) this.#startReady();
      if (this.#running.size > 0) {
        await Promise.race(this.#running);
        continue;
      }
      const stuck = interrupt?.aborted ? undefined : this.#ready.shift();
      if (!stuck) break;
      refused(stuck);
      this.#finish(stuck, false);
    }
    for (const operation of operations) this.#skip(operation, 'the apply was interrupted');
  }

  #startReady(): void {
    const { parallel, admit, run } = this.#options;
    for (let index = 0; index < this.#ready.length && this.#running.size < parallel; ) {
      const operation = this.#ready[index] as Operation;
      if (!admit(operation)) {
        index++;
        continue;
      }
      this.#ready.splice(index, 1);
      const task: Promise<void> = run(operation).then((done) => {
        this.#running.delete(task);
        this.#finish(operation, done);
      });
      this.#running.add(task);
    }
  }

  #finish(operation: Operation, done: boolean): void {
    this.#settled.add(operation.id);
    for (const next of this.#dependents.get(operation.id) ?? []) {
      if (!done) {
        this.#skip(next, `${subjectOf(operation)} failed`);
        continue;
      }
      const left = (this.#waiting.get(next.id) ?? 1) - 1;
      this.#waiting.set(next.id, left);
      if (left === 0 && !this.#settled.has(next.id)) this.#ready.push(next);
    }
  }

  #skip(operation: Operation, reason: string): void {
    if (this.#settled.has(operation.id)) return;
    this.#settled.add(operation.id);
    this.#options.skipped(operation, reason);
    for (const next of this.#dependents.get(operation.id) ?? [])
      this.#skip(next, `${subjectOf(operation)} was not done`);
  }
}

function dependentsOf(operations: readonly Operation[]): ReadonlyMap<string, readonly Operation[]> {
  const dependents = new Map<string, Operation[]>(operations.map(({ id }) => [id, []]));
  for (const operation of operations) {
    for (const id of operation.dependsOn) {
      const list = dependents.get(id);
      if (!list) throw new RangeError(`${operation.id} depends on ${id}, which is not in the plan`);
      list.push(operation);
    }
  }
  return dependents;
}
