import { isGoqemuError } from '@goqemu/core';

/** Exit codes of the command line; those from 64 on are named in sysexits(3). */
export const exitCode = {
  done: 0,
  failed: 1,
  /** Only from `plan --detailed-exitcode`: there are changes. */
  changes: 2,
  usage: 64,
  /** The lab or the state is invalid. */
  invalid: 65,
  locked: 75,
  interrupted: 130,
  /** From `exec`, `ssh` and `cp`: no connection to the guest. */
  noConnection: 255,
} as const;

/** Names that the user typed and that are not there, or are taken. */
const typed = new Set([
  'usage',
  'machine-unknown',
  'replace-refused',
  'checkpoint-unknown',
  'stack-exists',
  'not-left-behind',
  'lab-output-unknown',
  'timeout-scale-invalid',
]);

/** The exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  if (isAbort(error)) return exitCode.interrupted;
  if (!isGoqemuError(error)) return exitCode.failed;
  if (typed.has(error.code)) return exitCode.usage;
  if (error.code === 'locked') return exitCode.locked;
  if (error.code === 'interrupted') return exitCode.interrupted;
  if (/^(?:state|journal|plan)-/.test(error.code)) return exitCode.invalid;
  // What the user wrote in the lab; a step that fails is an operation that failed.
  if (error.source === 'user' && error.code !== 'step-failed') return exitCode.invalid;
  return exitCode.failed;
}

/** True for what an AbortSignal throws. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
