import type { EventEmitter } from 'node:events';
import { asGoqemuError, GoqemuError, systemErrorCode } from '@goqemu/core';

/**
 * Watches standard output, whose errors arrive while nothing awaits them: `failed` is called with the first one, in
 * words. A reader that goes away (`goqemu logs web | head`) has what it wanted, and is no failure: `closed` is called.
 */
export function watchOutput(
  stdout: EventEmitter,
  on: { readonly closed: () => void; readonly failed: (error: GoqemuError) => void },
): void {
  let ended = false;
  stdout.on('error', (thrown) => {
    if (ended) return;
    ended = true;
    if (systemErrorCode(thrown) === 'EPIPE') on.closed();
    else on.failed(inWords(thrown));
  });
}

function inWords(thrown: unknown): GoqemuError {
  const { message, hint } = asGoqemuError(thrown);
  return new GoqemuError({
    code: 'output-failed',
    source: 'environment',
    message: `the result could not be written to standard output: ${message}`,
    ...(hint === undefined ? {} : { hint }),
    cause: thrown,
  });
}
