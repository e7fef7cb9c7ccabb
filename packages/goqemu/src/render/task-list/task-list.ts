import { formatDuration } from '@goqemu/core';
import { type EngineEvent, type ErrorReport, type OperationHeader, resourceKey, titleOf } from '@goqemu/lab';
import type { ListrTask } from 'listr2';
import type { OutputStream } from '../../shell/shell.ts';
import { describeProgress } from '../describe-progress.ts';
import type { EventSink } from '../event-sink.ts';
import { actionName } from '../operation-words.ts';
import { screenText } from '../printable.ts';
import { renderErrorFacts } from '../render-error.ts';
import { screenOn } from '../screen.ts';
import type { Style } from '../style.ts';
import { type DrawList, drawOn } from './draw-list.ts';
import { OperationTask, type TaskHandle } from './operation-task.ts';
import { ResourceProgress } from './resource-progress.ts';

export interface TaskListOptions {
  readonly stream: OutputStream;
  readonly style: Style;
  readonly workingFolder: string;
}

/** A live list on a terminal: one entry for each resource, under it its operations with what they are doing now. */
export async function taskList(options: TaskListOptions): Promise<EventSink> {
  const progress = new ResourceProgress();
  return new TaskList(options, progress, await drawOn(options.stream, progress));
}

class TaskList implements EventSink {
  readonly #options: TaskListOptions;
  readonly #progress: ResourceProgress;
  readonly #draw: DrawList;
  readonly #tasks = new Map<string, OperationTask>();
  /** Operations that have not ended. */
  readonly #waiting = new Map<string, OperationHeader>();
  readonly #failures: ErrorReport[] = [];
  readonly #notices = new OperationTask('');
  #running: Promise<unknown> | undefined;

  constructor(options: TaskListOptions, progress: ResourceProgress, draw: DrawList) {
    this.#options = options;
    this.#progress = progress;
    this.#draw = draw;
  }

  handle(event: EngineEvent): void {
    const { style } = this.#options;
    switch (event.type) {
      case 'apply-started':
        this.#begin(event.operations.filter((operation) => operation.action !== 'reuse'));
        break;
      case 'operation-started':
        this.#progress.begin(event.operation.resource);
        this.#tasks.get(event.operation.id)?.begin();
        break;
      case 'operation-progress':
      case 'progress':
        this.#report(event);
        break;
      case 'operation-done':
        this.#ended(event.id)?.finish(style.dim(`  ${formatDuration(event.durationMs)}`));
        break;
      case 'operation-failed':
        this.#failures.push(event.error);
        this.#ended(event.id)?.fail(event.error.message);
        break;
      case 'operation-skipped':
        this.#ended(event.id)?.skip(event.reason);
        break;
      case 'notice':
        this.#notices.say(event.hint ? `${event.message}; ${event.hint}` : event.message);
        break;
      case 'apply-done':
        this.#endWith('not begun');
        break;
    }
  }

  async close(): Promise<void> {
    // An apply that was ended by an error has sent no apply-done.
    this.#endWith('not finished');
    await this.#running;
    const { stream, style, workingFolder } = this.#options;
    for (const error of this.#failures)
      screenOn(stream).write(`\n${renderErrorFacts(error, { style, workingFolder, debug: false })}\n`);
  }

  #begin(operations: readonly OperationHeader[]): void {
    this.#progress.plan(operations);
    for (const operation of operations) this.#waiting.set(operation.id, operation);
    const entries: ListrTask[] = [...groupByResource(operations)].map(([, own]) => {
      // All of them now: the first may have ended before the list gets to it.
      const lines = own.map((operation) => this.#entryOf(operation));
      const [first] = own;
      return {
        title: this.#options.style.bold(screenText(first ? titleOf({ resource: first.resource }) : '')),
        task: (_context, task) => task.newListr(lines, { concurrent: false, exitOnError: false }),
      };
    });
    // A task without a title writes to the bar under the list.
    entries.push({
      task: (_context, task) => this.#notices.run(handleOf(task)),
      rendererOptions: { bottomBar: 4, persistentOutput: true },
    });
    this.#running = this.#draw(entries);
  }

  #entryOf(operation: OperationHeader): ListrTask {
    const { style } = this.#options;
    const action = actionName(operation.action, style);
    const name = operation.step === undefined ? action : `${action} ${operation.step}`;
    const task = new OperationTask(`${name}  ${style.dim(operation.reason)}`, () => this.#waitsFor(operation));
    this.#tasks.set(operation.id, task);
    return { title: screenText(task.title), task: (_context, handle) => task.run(handleOf(handle)) };
  }

  /** Its turn in the list has come, which says nothing about what others have to do first. */
  #waitsFor(operation: OperationHeader): string {
    const before = operation.dependsOn.flatMap((id) => this.#waiting.get(id) ?? []).map(titleOf);
    return before.length > 0 ? `waits for ${before.join(', ')}` : 'waits for its turn';
  }

  #report(event: Extract<EngineEvent, { readonly type: 'operation-progress' | 'progress' }>): void {
    const text = describeProgress(event.progress);
    if (text === undefined) return;
    const id = event.type === 'operation-progress' ? event.id : undefined;
    if (id === undefined || event.progress.kind === 'notice')
      this.#notices.say(event.type === 'progress' ? `${event.subject}: ${text}` : text);
    else this.#tasks.get(id)?.say(text);
  }

  #ended(id: string): OperationTask | undefined {
    this.#progress.end(id);
    this.#waiting.delete(id);
    for (const task of this.#tasks.values()) task.wait();
    return this.#tasks.get(id);
  }

  #endWith(why: string): void {
    for (const task of this.#tasks.values()) task.skip(why);
    this.#notices.finish('');
  }
}

function groupByResource(operations: readonly OperationHeader[]): Map<string, OperationHeader[]> {
  const groups = new Map<string, OperationHeader[]>();
  for (const operation of operations) {
    const key = resourceKey(operation.resource);
    groups.set(key, [...(groups.get(key) ?? []), operation]);
  }
  return groups;
}

/** What an operation needs of listr2's task, without its type parameters. */
function handleOf(task: { title?: string; output: string; skip: (message?: string) => void }): TaskHandle {
  return {
    retitle: (title) => {
      task.title = screenText(title);
    },
    say: (text) => {
      task.output = screenText(text);
    },
    skip: (reason) => task.skip(reason === undefined ? reason : screenText(reason)),
  };
}
