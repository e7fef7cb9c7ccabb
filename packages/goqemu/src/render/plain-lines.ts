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
export function plainLines(options: PlainLinesOptions): EventSink {
  return new PlainLines(options);
}

class PlainLines implements EventSink {
  readonly #options: PlainLinesOptions;
  readonly #operations = new Map<string, OperationHeader>();
  /** Output after the last end of a line, by what it is of. */
  readonly #partial = new Map<string, string>();

  constructor(options: PlainLinesOptions) {
    this.#options = options;
  }

  handle(event: EngineEvent): void {
    const { screen, style, workingFolder } = this.#options;
    switch (event.type) {
      case 'apply-started':
        for (const operation of event.operations) this.#operations.set(operation.id, operation);
        break;
      case 'operation-started': {
        const { operation } = event;
        this.#operations.set(operation.id, operation);
        const { action, reason } = operation;
        if (action !== 'reuse') this.#line(titleOf(operation), `${actionSign(action, style)} ${action}: ${reason}`);
        break;
      }
      case 'operation-progress':
        this.#progress(this.#named(event.id), event.progress);
        break;
      case 'progress':
        this.#progress(event.subject, event.progress);
        break;
      case 'operation-done': {
        const subject = this.#named(event.id);
        this.#flush(subject);
        const action = this.#operations.get(event.id)?.action;
        const done = action ? actionDone(action) : 'done';
        this.#line(subject, `${style.green('✔')} ${done} in ${formatDuration(event.durationMs)}`);
        break;
      }
      case 'operation-failed':
        this.#flush(this.#named(event.id));
        screen.write(`${renderErrorFacts(event.error, { style, workingFolder, debug: false })}\n`);
        break;
      case 'operation-skipped':
        this.#line(this.#named(event.id), style.dim(`skipped: ${event.reason}`));
        break;
      case 'notice':
        this.#line('notice', `${style.yellow(event.message)}${event.hint ? `; ${event.hint}` : ''}`);
        break;
    }
  }

  async close(): Promise<void> {}

  #line(subject: string, text: string): void {
    const { screen, style, quiet } = this.#options;
    if (!quiet) screen.write(`${style.bold(subject)}  ${text}\n`);
  }

  #progress(subject: string, progress: Extract<EngineEvent, { type: 'progress' }>['progress']): void {
    const { style, verbose } = this.#options;
    if (progress.kind === 'notice') this.#line(subject, style.yellow(progress.message));
    else if (progress.kind === 'stage') {
      if (progress.status === 'done') this.#line(subject, style.dim(stageDone(progress.stage, progress.durationMs)));
    } else if (progress.kind === 'output' && verbose) {
      const lines = ((this.#partial.get(subject) ?? '') + progress.text).split('\n');
      this.#partial.set(subject, lines.pop() ?? '');
      for (const text of lines) this.#line(subject, `${style.dim('|')} ${printable(text)}`);
    }
  }

  #flush(subject: string): void {
    const rest = this.#partial.get(subject);
    this.#partial.delete(subject);
    if (rest) this.#line(subject, `${this.#options.style.dim('|')} ${printable(rest)}`);
  }

  #named(id: string): string {
    const operation = this.#operations.get(id);
    return operation ? titleOf(operation) : id;
  }
}
