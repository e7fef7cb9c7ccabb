import { open } from 'node:fs/promises';
import { sleep, systemErrorCode } from '@goqemu/core';
import type { LogRequest } from '@goqemu/lab';

/** How often a log that is followed is looked at, in milliseconds: file notifications do not reach every filesystem. */
const pollMs = 200;
const chunkBytes = 1 << 16;

/** A log of a machine: its last lines or all of it, then what comes where it is followed. */
export async function* readLog(
  path: string,
  { lines, follow }: Pick<LogRequest, 'lines' | 'follow'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { bytes, end } = await readTail(path, lines);
  yield bytes;
  if (follow) yield* followFile(path, end, signal);
}

/** The end of a log: its last lines, or all of it; nothing when it is not there yet. `end` is where it stopped. */
export async function readTail(
  path: string,
  lines?: number,
): Promise<{ readonly bytes: Buffer; readonly end: number }> {
  const bytes = await readFrom(path, 0);
  if (lines === undefined) return { bytes, end: bytes.length };
  let start = bytes.length;
  for (let count = 0; start > 0; start--)
    // The newline at the very end ends the last line, it begins none.
    if (bytes[start - 1] === 0x0a && start < bytes.length && ++count >= lines) break;
  return { bytes: lines === 0 ? Buffer.alloc(0) : bytes.subarray(start), end: bytes.length };
}

/** What a log gets from now on, until the signal; one that was truncated is read from its beginning. */
export async function* followFile(path: string, from: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  let position = from;
  while (!signal.aborted) {
    const { size, bytes } = await readNew(path, position);
    if (size < position) position = 0;
    else {
      if (bytes.length > 0) yield bytes;
      position += bytes.length;
      if (bytes.length === 0) await sleep(pollMs, signal).catch(() => undefined); // the loop's condition ends it
    }
  }
}

async function readFrom(path: string, position: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = position; ; ) {
    const { bytes } = await readNew(path, at);
    if (bytes.length === 0) return Buffer.concat(parts);
    parts.push(bytes);
    at += bytes.length;
  }
}

async function readNew(path: string, position: number): Promise<{ readonly size: number; readonly bytes: Buffer }> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return { size: 0, bytes: Buffer.alloc(0) };
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position);
    return { size, bytes: buffer.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}
