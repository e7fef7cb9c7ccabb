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
  const { operations, parallel, interrupt, admit, run, skipped, refused } = options;
  const waitingFor = new Map(operations.map((operation) => [operation.id, operation.dependsOn.length]));
  const known = new Set(waitingFor.keys());
  const dependents = new Map<string, Operation[]>();
  for (const operation of operations) {
    for (const id of operation.dependsOn) {
      if (!known.has(id)) throw new RangeError(`${operation.id} depends on ${id}, which is not in the plan`);
      const list = dependents.get(id) ?? [];
      list.push(operation);
      dependents.set(id, list);
    }
  }
  const ready = operations.filter((operation) => operation.dependsOn.length === 0);
  const running = new Set<Promise<void>>();
  const settled = new Set<string>();

  const skip = (operation: Operation, reason: string): void => {
    if (settled.has(operation.id)) return;
    settled.add(operation.id);
    skipped(operation, reason);
    for (const next of dependents.get(operation.id) ?? []) skip(next, `${subjectOf(operation)} was not done`);
  };
  const finish = (operation: Operation, done: boolean): void => {
    settled.add(operation.id);
    for (const next of dependents.get(operation.id) ?? []) {
      if (!done) skip(next, `${subjectOf(operation)} failed`);
      else {
        const left = (waitingFor.get(next.id) ?? 1) - 1;
        waitingFor.set(next.id, left);
        if (left === 0 && !settled.has(next.id)) ready.push(next);
      }
    }
  };
  for (;;) {
    if (!interrupt?.aborted) {
      for (let index = 0; index < ready.length && running.size < parallel; ) {
        const operation = ready[index] as Operation;
        if (!admit(operation)) {
          index++;
          continue;
        }
        ready.splice(index, 1);
        const task: Promise<void> = run(operation).then((done) => {
          running.delete(task);
          finish(operation, done);
        });
        running.add(task);
      }
    }
    if (running.size > 0) {
      await Promise.race(running);
      continue;
    }
    if (interrupt?.aborted || ready.length === 0) break;
    const stuck = ready.shift() as Operation;
    refused(stuck);
    finish(stuck, false);
  }
  for (const operation of operations) skip(operation, 'the apply was interrupted');
}
