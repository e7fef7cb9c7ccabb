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
import { OperationTask, type TaskHandle } from './operation-task.ts';
import { ResourceProgress } from './resource-progress.ts';

export interface TaskListOptions {
  readonly stream: OutputStream;
  readonly style: Style;
  readonly workingFolder: string;
}

/**
 * A live list on a terminal: one entry for each resource, under it its operations with what they are doing now.
 * listr2 is loaded here and nowhere else. Its own handling of Ctrl-C, which leaves with code 127, is off, and it
 * draws on standard error whether or not standard output is a terminal.
 */
export async function taskList({ stream, style, workingFolder }: TaskListOptions): Promise<EventSink> {
  const { createWritable, DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await import('listr2');
  class RendererOnStderr extends DefaultRenderer {
    static override nonTTY = true;

    override create(parts?: {
      readonly tasks?: boolean;
      readonly bottomBar?: boolean;
      readonly prompt?: boolean;
    }): string {
      const whole = super.create(parts);
      // The last drawing is without a prompt, and stays: whole, as what scrolls by can be read.
      return parts?.prompt === false ? whole : progress.fitted(whole, stream.rows ?? Number.POSITIVE_INFINITY);
    }
  }
  const progress = new ResourceProgress();
  const tasks = new Map<string, OperationTask>();
  const waiting = new Map<string, OperationHeader>();
  const failures: { readonly resource: string; readonly error: ErrorReport }[] = [];
  const notices = new OperationTask('');
  let running: Promise<unknown> | undefined;

  function begin(operations: readonly OperationHeader[]): void {
    progress.plan(operations);
    for (const operation of operations) waiting.set(operation.id, operation);
    const entries: ListrTask[] = [...groupByResource(operations)].map(([, own]) => {
      // All of them now: the first may have ended before the list gets to it.
      const lines = own.map(entryOf);
      const [first] = own;
      return {
        title: style.bold(screenText(first ? titleOf({ resource: first.resource }) : '')),
        task: (_context, task) => task.newListr(lines, { concurrent: false, exitOnError: false }),
      };
    });
    // A task without a title writes to the bar under the list.
    entries.push({
      task: (_context, task) => notices.run(handleOf(task)),
      rendererOptions: { bottomBar: 4, persistentOutput: true },
    });
    const output = new ProcessOutput(
      stream as NodeJS.WriteStream,
      createWritable(() => undefined) as NodeJS.WriteStream,
      {
        leaveEmptyLine: false,
      },
    );
    const list = new Listr(entries, {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: RendererOnStderr,
      rendererOptions: {
        collapseSubtasks: false,
        collapseErrors: false,
        showErrorMessage: false,
        formatOutput: 'truncate',
        logger: new ListrLogger({ useIcons: true, toStderr: [], processOutput: output }),
      },
    });
    running = list.run();
  }

  function entryOf(operation: OperationHeader): ListrTask {
    const action = actionName(operation.action, style);
    const name = operation.step === undefined ? action : `${action} ${operation.step}`;
    const task = new OperationTask(`${name}  ${style.dim(operation.reason)}`, () => waitsFor(operation));
    tasks.set(operation.id, task);
    return { title: screenText(task.title), task: (_context, handle) => task.run(handleOf(handle)) };
  }

  /** Its turn in the list has come, which says nothing about what others have to do first. */
  function waitsFor(operation: OperationHeader): string {
    const before = operation.dependsOn.flatMap((id) => waiting.get(id) ?? []).map(titleOf);
    return before.length > 0 ? `waits for ${before.join(', ')}` : 'waits for its turn';
  }

  function ended(id: string): OperationTask | undefined {
    progress.end(id);
    waiting.delete(id);
    for (const task of tasks.values()) task.wait();
    return tasks.get(id);
  }

  function handle(event: EngineEvent): void {
    switch (event.type) {
      case 'apply-started':
        begin(event.operations.filter((operation) => operation.action !== 'reuse'));
        break;
      case 'operation-started':
        progress.begin(event.operation.resource);
        tasks.get(event.operation.id)?.begin();
        break;
      case 'operation-progress':
      case 'progress': {
        const text = describeProgress(event.progress);
        if (text === undefined) break;
        const id = event.type === 'operation-progress' ? event.id : undefined;
        if (id === undefined || event.progress.kind === 'notice')
          notices.say(event.type === 'progress' ? `${event.subject}: ${text}` : text);
        else tasks.get(id)?.say(text);
        break;
      }
      case 'operation-done':
        ended(event.id)?.finish(style.dim(`  ${formatDuration(event.durationMs)}`));
        break;
      case 'operation-failed':
        failures.push({ resource: event.id, error: event.error });
        ended(event.id)?.fail(event.error.message);
        break;
      case 'operation-skipped':
        ended(event.id)?.skip(event.reason);
        break;
      case 'notice':
        notices.say(event.hint ? `${event.message}; ${event.hint}` : event.message);
        break;
      case 'apply-done':
        for (const task of tasks.values()) task.skip('not begun');
        notices.finish('');
        break;
    }
  }

  async function close(): Promise<void> {
    // An apply that was ended by an error has sent no apply-done.
    for (const task of tasks.values()) task.skip('not finished');
    notices.finish('');
    await running;
    for (const { error } of failures)
      screenOn(stream).write(`\n${renderErrorFacts(error, { style, workingFolder, debug: false })}\n`);
  }

  return { handle, close };
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
