import { errorMessage, isGoqemuError } from '@goqemu/core';
import { framesOf } from '../runner/place.ts';
import { boundedText } from './bounded-text.ts';
import type { RecordedError } from './test-record.ts';

const longest = { first: 8192, last: 4096 };

/** An error as data. @param file the test file: the place is the first one in it */
export function recordedError(error: unknown, mask: (text: string) => string, file?: string): RecordedError {
  const kept = (text: string) => boundedText(mask(text), longest);
  const { code, goqemuCode, stack } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly goqemuCode?: unknown;
    readonly stack?: unknown;
  };
  const known = typeof goqemuCode === 'string' ? goqemuCode : code;
  const frames = typeof stack === 'string' ? framesOf(stack) : [];
  const place = frames.find((one) => one.file === file);
  const { detail, hint } = isGoqemuError(error) ? error : {};
  return {
    ...(typeof known === 'string' ? { code: known } : {}),
    message: kept(errorMessage(error)),
    ...(detail === undefined ? {} : { detail: kept(detail) }),
    ...(hint === undefined ? {} : { hint: kept(hint) }),
    ...(typeof stack === 'string' ? { stack: kept(stack) } : {}),
    ...(place ? { place } : {}),
  };
}
