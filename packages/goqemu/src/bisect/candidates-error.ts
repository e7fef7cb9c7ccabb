import { GoqemuError } from '@goqemu/core';

export function candidatesError(message: string, hint: string, detail?: string): GoqemuError {
  const more = detail === undefined ? {} : { detail };
  return new GoqemuError({ code: 'bisect-candidates', source: 'user', message, hint, ...more });
}
