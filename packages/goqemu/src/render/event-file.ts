import { createWriteStream, fchmodSync, fstatSync, openSync, statSync, type WriteStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { asGoqemuError, GoqemuError, withPath } from '@goqemu/core';
import { type EngineEvent, eventStreamHeader } from '@goqemu/lab';
import type { EventSink } from './event-sink.ts';
import { jsonText } from './printable.ts';

/**
 * Events as NDJSON, in a file that its owner alone can read: the first line names format and version, each other line is one event (docs/events.md).
 *
 * @throws GoqemuError `events-unwritable` when the file cannot be opened; from close, when it could not be written
 */
export function eventFile(target: string, workingFolder: string, stdout: Writable): EventSink {
  const toStdout = target === '-';
  const path = resolve(workingFolder, target);
  const stream = toStdout ? stdout : opened(path);
  let failure: Error | undefined;
  if (!toStdout)
    stream.on('error', (error: Error) => {
      failure ??= error;
    });
  const write = (value: unknown) => stream.write(`${jsonText(value)}\n`);
  write(eventStreamHeader);
  return {
    handle: (event: EngineEvent) => write(event),
    close: async () => {
      if (toStdout) return;
      stream.end();
      await finished(stream).catch((error: Error) => {
        failure ??= error;
      });
      if (failure) throw unwritable(failure, path);
    },
  };
}

/** Opened at once: before anything is done, and not when all of it is over. */
function opened(path: string): WriteStream {
  // A pipe that nothing reads takes for ever, and must not hold all else up.
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO()) return createWriteStream(path);
  try {
    const file = openSync(path, 'w', 0o600);
    // One that was there keeps its mode otherwise; a device is left as it is.
    if (fstatSync(file).isFile()) fchmodSync(file, 0o600);
    return createWriteStream(path, { fd: file });
  } catch (error) {
    throw unwritable(error, path);
  }
}

function unwritable(failure: unknown, path: string): GoqemuError {
  return new GoqemuError({
    code: 'events-unwritable',
    source: 'environment',
    message: `the events could not be written: ${asGoqemuError(withPath(failure, path)).message}`,
    hint: 'name a file that can be written, or "-" for standard output',
    cause: failure,
  });
}
