import { formatDuration, printable } from '@goqemu/core';
import { type EngineEvent, type OperationHeader, titleOf } from '@goqemu/lab';
import { stageDone } from './describe-progress.ts';
import type { EventSink } from './event-sink.ts';
import { actionDone, actionSign } from './operation-words.ts';
import { renderErrorFacts } from './render-error.ts';
import type { Screen } from './screen.ts';
import type { Style } from './style.ts';

export interface PlainLinesOptions {
  readonly screen: Screen;
  readonly style: Style;
  readonly workingFolder: string;
  /** The output of steps and every stage too. */
  readonly verbose: boolean;
  /** Errors alone. */
  readonly quiet: boolean;
}

/** One line for each thing that happens: for logs, pipes and continuous integration. */
export function plainLines({ screen, style, workingFolder, verbose, quiet }: PlainLinesOptions): EventSink {
  const operations = new Map<string, OperationHeader>();
  const partial = new Map<string, string>();
  const line = (subject: string, text: string) => {
    if (!quiet) screen.write(`${style.bold(subject)}  ${text}\n`);
  };

  function handle(event: EngineEvent): void {
    switch (event.type) {
      case 'apply-started':
        for (const operation of event.operations) operations.set(operation.id, operation);
        break;
      case 'operation-started': {
        const { operation } = event;
        operations.set(operation.id, operation);
        if (operation.action !== 'reuse')
          line(titleOf(operation), `${actionSign(operation.action, style)} ${operation.action}: ${operation.reason}`);
        break;
      }
      case 'operation-progress':
        progress(named(event.id), event.progress);
        break;
      case 'progress':
        progress(event.subject, event.progress);
        break;
      case 'operation-done': {
        flush(named(event.id));
        const action = operations.get(event.id)?.action;
        line(
          named(event.id),
          `${style.green('✔')} ${action ? actionDone(action) : 'done'} in ${formatDuration(event.durationMs)}`,
        );
        break;
      }
      case 'operation-failed':
        flush(named(event.id));
        screen.write(`${renderErrorFacts(event.error, { style, workingFolder, debug: false })}\n`);
        break;
      case 'operation-skipped':
        line(named(event.id), style.dim(`skipped: ${event.reason}`));
        break;
      case 'notice':
        line('notice', `${style.yellow(event.message)}${event.hint ? `; ${event.hint}` : ''}`);
        break;
    }
  }

  function progress(subject: string, progress: Extract<EngineEvent, { type: 'progress' }>['progress']): void {
    if (progress.kind === 'notice') line(subject, style.yellow(progress.message));
    else if (progress.kind === 'stage' && (verbose || progress.status === 'done')) {
      if (progress.status === 'done') line(subject, style.dim(stageDone(progress.stage, progress.durationMs)));
    } else if (progress.kind === 'output' && verbose) {
      const lines = ((partial.get(subject) ?? '') + progress.text).split('\n');
      partial.set(subject, lines.pop() ?? '');
      for (const text of lines) line(subject, `${style.dim('|')} ${printable(text)}`);
    }
  }

  function flush(subject: string): void {
    const rest = partial.get(subject);
    partial.delete(subject);
    if (rest) line(subject, `${style.dim('|')} ${printable(rest)}`);
  }

  function named(id: string): string {
    const operation = operations.get(id);
    return operation ? titleOf(operation) : id;
  }

  return { handle, close: async () => undefined };
}
