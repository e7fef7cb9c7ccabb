import { GoqemuError } from './goqemu-error.ts';

/** A broken promise of goqemu's own: never the user's doing. */
export function internalError(message: string, cause?: unknown): GoqemuError {
  return new GoqemuError({
    code: 'internal',
    source: 'internal',
    message,
    hint: 'this is a defect of goqemu: please report it with the debug log',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The message of anything that was thrown. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a Node.js system error (`ENOENT`, `EADDRINUSE`, …), or undefined. */
export function systemErrorCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
