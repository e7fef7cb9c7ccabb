import { dirname } from 'node:path';
import { errorMessage, formatByteSize, GoqemuError } from '@goqemu/core';
import type { PublisherChecksum } from './checksum-file.ts';

export function checksumMismatch(url: string, expected: PublisherChecksum, received: string): GoqemuError {
  return new GoqemuError({
    code: 'checksum-mismatch',
    source: 'environment',
    subject: url,
    message: `what came from ${url} does not have the checksum that was published for it`,
    detail: `${expected.algorithm} expected ${expected.value}\n${expected.algorithm} received ${received}`,
    hint: 'nothing of it was kept; try again, and if it happens again do not trust this mirror or proxy',
    data: { expected: expected.value, received },
  });
}

export function diskFull(path: string, needed: number | undefined, free: number, cause?: unknown): GoqemuError {
  return new GoqemuError({
    code: 'disk-full',
    source: 'environment',
    subject: path,
    message: `there is no room for the image in ${dirname(path)}: it needs ${needed === undefined ? 'more' : formatByteSize(needed)}, ${formatByteSize(free)} are free`,
    hint: 'make room (goqemu image list shows what is cached), or set GOQEMU_HOME to a folder on a larger disk',
    ...(cause === undefined ? {} : { cause }),
  });
}

export function writeFailed(path: string, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'download-write-failed',
    source: 'environment',
    subject: path,
    message: `the download could not be written to ${path}: ${errorMessage(cause)}`,
    hint: 'check that the folder can be written to',
    cause,
  });
}
