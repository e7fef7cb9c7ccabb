import { asGoqemuError, GoqemuError } from '@goqemu/core';
import type { ErrorReport } from '../events/engine-event.ts';
import { maskData } from '../secret/mask.ts';

/** An error as data, free of secrets. */
export function errorReport(thrown: unknown, secrets: readonly string[] = []): ErrorReport {
  const error = asGoqemuError(thrown);
  return maskData(
    {
      code: error.code,
      source: error.source,
      message: error.message,
      ...(error.subject === undefined ? {} : { subject: error.subject }),
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.location === undefined ? {} : { location: { ...error.location } }),
      ...(Object.keys(error.data).length > 0 ? { data: error.data } : {}),
    },
    secrets,
  );
}

/** What a second interrupt does to an operation. */
export function cutOff(cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'interrupted',
    source: 'user',
    message: 'it was interrupted',
    hint: 'the next plan looks at the machine and settles it',
    cause,
  });
}
