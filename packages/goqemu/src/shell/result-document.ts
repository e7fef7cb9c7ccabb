import type { Writable } from 'node:stream';
import { GoqemuError } from '@goqemu/core';
import { withLabHint } from '../render/lab-hints.ts';
import { jsonText } from '../render/printable.ts';
import { isAbort } from './exit-code.ts';

/** The one document of a command with `--json`: its result, or else the error that it ended with. */
export class ResultDocument {
  readonly #stream: Writable;
  #printed = false;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  print(document: unknown): void {
    this.#printed = true;
    this.#stream.write(`${jsonText(document, 2)}\n`);
  }

  /** An error that comes after the result, such as one of closing up, is left to standard error. */
  async printError(thrown: unknown): Promise<void> {
    if (this.#printed) return;
    const { errorReport } = await import('@goqemu/lab'); // late: most commands end well
    this.print({ version: 1, error: errorReport(isAbort(thrown) ? interrupted(thrown) : withLabHint(thrown)) });
  }
}

function interrupted(cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'interrupted',
    source: 'user',
    message: 'the command was interrupted',
    hint: 'run it again',
    cause,
  });
}
