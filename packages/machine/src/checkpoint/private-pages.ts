import { type FileHandle, open } from 'node:fs/promises';
import type { GuestRam, Mapping } from './guest-ram.ts';
import { isPrivate, runsOfPages } from './page-map.ts';

/** A stretch of clean pages that is cheaper to copy along than to step over. */
const bridgedPages = 4;
const copyBytes = 2 ** 20;

/**
 * Writes into `file`, a copy of the file below, the pages that a stopped guest has written to since it was mapped: those
 * that are the process's own by now. Needs the right to trace the process.
 *
 * @returns how many bytes were copied
 */
export async function copyPrivatePages(ram: GuestRam, file: string, signal?: AbortSignal): Promise<number> {
  await using pagemap = await open(`/proc/${ram.pid}/pagemap`, 'r');
  await using memory = await open(`/proc/${ram.pid}/mem`, 'r');
  await using target = await open(file, 'r+');
  return await copy(ram.mappings, { pagemap, memory, target }, signal);
}

interface Files {
  readonly pagemap: FileHandle;
  readonly memory: FileHandle;
  readonly target: FileHandle;
}

async function copy(mappings: readonly Mapping[], files: Files, signal?: AbortSignal): Promise<number> {
  const buffer = Buffer.allocUnsafe(copyBytes);
  let copied = 0;
  for (const mapping of mappings) {
    for await (const run of runsOfPages(mapping, files.pagemap, isPrivate, bridgedPages)) {
      for (let done = 0; done < run.bytes; ) {
        signal?.throwIfAborted();
        const length = Math.min(copyBytes, run.bytes - done);
        const { bytesRead } = await files.memory.read(buffer, 0, length, run.address + done);
        if (bytesRead === 0) throw new Error(`the memory of a process ends at ${run.address + done}`);
        await files.target.write(buffer, 0, bytesRead, run.offset + done);
        done += bytesRead;
      }
      copied += run.bytes;
    }
  }
  return copied;
}
