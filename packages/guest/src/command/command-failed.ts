import { GoqemuError } from '@goqemu/core';
import type { CommandResult } from './command-options.ts';

/** Lines of output that an error quotes. */
const quoted = 20;

/**
 * The result, when the command ended with 0.
 *
 * @param what names the command in the error; default: its text
 * @throws GoqemuError `command-failed` with the exit code and the end of its output
 */
export function assertSucceeded(result: CommandResult, what: string = result.command): CommandResult {
  if (result.exitCode === 0) return result;
  const how =
    result.exitCode === null ? `was ended by signal ${result.signal}` : `ended with exit code ${result.exitCode}`;
  const output = [result.stdout, result.stderr].map((text) => text.trimEnd()).filter(Boolean);
  throw new GoqemuError({
    code: 'command-failed',
    source: 'user',
    subject: what,
    message: `${what} ${how}`,
    detail: output.join('\n').split('\n').slice(-quoted).join('\n') || 'it printed nothing',
    hint: 'read the end of its output above; the complete output is in the log',
    data: { exitCode: result.exitCode, signal: result.signal },
  });
}
