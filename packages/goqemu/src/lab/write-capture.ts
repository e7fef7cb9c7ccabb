import { open } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorMessage, GoqemuError, systemErrorCode } from '@goqemu/core';

/** A file that a capture is written to, with no access for others: frames hold what guests say. */
export interface CaptureFile extends AsyncDisposable {
  /** Until the capture ends, or the signal ends it; then how many bytes the file has. */
  write(signal: AbortSignal): Promise<number>;
}

/** @throws GoqemuError `capture-failed`, also for a file that is there already; then the capture has ended */
export async function openCaptureFile(path: string, frames: Readable): Promise<CaptureFile> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    frames.destroy();
    throw failed(path, systemErrorCode(error) === 'EEXIST' ? 'the file is there already' : errorMessage(error), error);
  });
  return {
    write: async (signal) => {
      await copyCapture(frames, file.createWriteStream({ autoClose: false, flush: false }), signal);
      return (await file.stat()).size;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Copies until the capture ends, the signal ends it, or the reader of the output is gone. */
export async function copyCapture(frames: Readable, output: Writable, signal: AbortSignal): Promise<void> {
  try {
    // The output stays open: it is not this function's.
    await pipeline(frames, output, { signal, end: false });
  } catch (error) {
    if (!signal.aborted && systemErrorCode(error) !== 'EPIPE') throw error;
  } finally {
    frames.destroy();
  }
}

function failed(path: string, why: string, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'capture-failed',
    source: 'user',
    subject: path,
    message: `the capture cannot be written to ${path}: ${why}`,
    hint: 'choose a new file in a folder that you may write to',
    cause,
  });
}
