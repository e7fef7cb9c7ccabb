import { type FileHandle, open } from 'node:fs/promises';
import type { GuestRam, Mapping } from './guest-ram.ts';

const pageBytes = 4096;
/** How much of the page map is read at once: 2 MiB of it tell of 1 GiB. */
const entriesAtOnce = 2 ** 18;
/** A stretch of clean pages that is cheaper to copy along than to step over. */
const bridgedPages = 4;
const copyBytes = 2 ** 20;

/** A run of pages in the process's memory, in bytes. */
interface Run {
  readonly address: number;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Writes into `file`, a copy of the file below, the pages that a stopped guest has written to since it was mapped.
 * The kernel's page map tells them: bit 61 is clear for a page that is no longer the file's, bit 62 is set for one
 * that was swapped out (Linux, Documentation/admin-guide/mm/pagemap.rst). Needs the right to trace the process.
 *
 * @returns how many bytes were copied
 */
export async function copyPrivatePages(ram: GuestRam, file: string, signal?: AbortSignal): Promise<number> {
  const pagemap = await open(`/proc/${ram.pid}/pagemap`, 'r');
  try {
    const memory = await open(`/proc/${ram.pid}/mem`, 'r');
    try {
      const target = await open(file, 'r+');
      try {
        return await copy(ram.mappings, { pagemap, memory, target }, signal);
      } finally {
        await target.close();
      }
    } finally {
      await memory.close();
    }
  } finally {
    await pagemap.close();
  }
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
    for await (const run of privateRuns(mapping, files.pagemap)) {
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

async function* privateRuns({ start, end, offset }: Mapping, pagemap: FileHandle): AsyncGenerator<Run> {
  const pages = (end - start) / pageBytes;
  const entries = Buffer.alloc(Math.min(entriesAtOnce, pages) * 8);
  for (let first = 0; first < pages; first += entriesAtOnce) {
    const count = Math.min(entriesAtOnce, pages - first);
    const { bytesRead } = await pagemap.read(entries, 0, count * 8, (start / pageBytes + first) * 8);
    for (const [from, to] of runsOf(entries.subarray(0, bytesRead)))
      yield {
        address: start + (first + from) * pageBytes,
        offset: offset + (first + from) * pageBytes,
        bytes: (to - from) * pageBytes,
      };
  }
}

/** The runs of private pages in a piece of the page map, as half-open ranges of indices. */
export function runsOf(entries: Buffer): [number, number][] {
  const runs: [number, number][] = [];
  const words = new Uint32Array(entries.buffer, entries.byteOffset, entries.length / 4);
  let open: [number, number] | undefined;
  for (let index = 0; index * 2 < words.length; index++) {
    const high = words[index * 2 + 1] ?? 0; // Linux runs little-endian wherever QEMU is used with this
    if (!isPrivate(high)) continue;
    if (open && index - open[1] <= bridgedPages) open[1] = index + 1;
    else {
      open = [index, index + 1];
      runs.push(open);
    }
  }
  return runs;
}

/** The upper half of an entry: bit 63 present, 62 swapped, 61 the file's own page (or shared). */
function isPrivate(high: number): boolean {
  const state = high >>> 29;
  return (state & 0b010) !== 0 || (state & 0b101) === 0b100;
}
