import { GoqemuError } from '@goqemu/core';

/** What the user typed is not a command that there is; exit code 64. */
export function usageError(message: string, hint: string): GoqemuError {
  return new GoqemuError({ code: 'usage', source: 'user', message, hint });
}
