import { type Duration, parseDuration } from '@goqemu/core';
import type { UploadOptions } from '@goqemu/guest';
import { z } from 'zod';
import { readOptions } from './invalid-option.ts';

/** Options of {@link Guest.download}. */
export interface DownloadFileOptions {
  /** With root's rights. @default false @example true */
  readonly sudo?: boolean;
  /** Longest time without any progress: a duration with its unit, or milliseconds. @default '60 s' @example '5 min' */
  readonly stall?: Duration;
  /** Cancels the transfer; nothing partial stays. @default none @example AbortSignal.timeout(60_000) */
  readonly signal?: AbortSignal;
  /** Receives the number of bytes that have been moved so far. @default none */
  readonly onProgress?: (bytes: number) => void;
}

/** Options of {@link Guest.upload}. */
export interface UploadFileOptions extends DownloadFileOptions {
  /** `user` or `user:group` of the guest; with root's rights. @default the user @example 'www-data' */
  readonly owner?: string;
  /** Permission bits of a file. @default those of the source @example 0o644 */
  readonly mode?: number;
}

const download = {
  sudo: z.boolean().optional(),
  stall: z
    .custom<Duration>((value) => typeof value === 'number' || typeof value === 'string', 'expected a duration')
    .optional(),
  signal: z.instanceof(AbortSignal, { message: 'expected an AbortSignal' }).optional(),
  onProgress: z
    .custom<(bytes: number) => void>((value) => typeof value === 'function', 'expected a function')
    .optional(),
};
const schemas = {
  download: z.strictObject(download),
  upload: z.strictObject({
    ...download,
    owner: z.string().min(1).optional(),
    mode: z.int().min(0).max(0o7777).optional(),
  }),
};

/**
 * @throws GoqemuError `option-invalid`, `duration-invalid`
 */
export function readTransferOptions(what: 'upload' | 'download', given: UploadFileOptions | undefined): UploadOptions {
  const { sudo, stall, ...rest } =
    what === 'upload' ? readOptions(schemas.upload, given, what) : readOptions(schemas.download, given, what);
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...present,
    ...(sudo ? { asRoot: true } : {}),
    ...(stall === undefined ? {} : { stallMs: parseDuration(stall, 'stall') }),
  };
}
