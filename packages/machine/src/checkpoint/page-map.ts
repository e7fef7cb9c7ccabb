import type { FileHandle } from 'node:fs/promises';
import type { Mapping } from './guest-ram.ts';

/** Linux has no other size for guests on x86-64; on arm64 it is what Debian and Fedora are built with. */
export const pageBytes = 4096;
/** How much of the page map is read at once: 2 MiB of it tell of 1 GiB. */
const entriesAtOnce = 2 ** 18;

/** What the kernel says of a page, and of a run of them: the upper half of an entry (pagemap.rst). */
export type PageTest = (high: number) => boolean;

/** A run of pages in the process's memory, in bytes. */
export interface Run {
  readonly address: number;
  /** In the file that is mapped there. */
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The pages of a mapping that are as wanted, by the kernel's page map (Linux, Documentation/admin-guide/mm/pagemap.rst).
 * Needs the right to trace the process.
 *
 * @param bridged a stretch of at most so many other pages does not end a run
 */
export async function* runsOfPages(
  { start, end, offset }: Mapping,
  pagemap: FileHandle,
  isWanted: PageTest,
  bridged = 0,
): AsyncGenerator<Run> {
  const pages = (end - start) / pageBytes;
  const entries = Buffer.alloc(Math.min(entriesAtOnce, pages) * 8);
  for (let first = 0; first < pages; first += entriesAtOnce) {
    const count = Math.min(entriesAtOnce, pages - first);
    const { bytesRead } = await pagemap.read(entries, 0, count * 8, (start / pageBytes + first) * 8);
    for (const [from, to] of runsOf(entries.subarray(0, bytesRead), isWanted, bridged))
      yield {
        address: start + (first + from) * pageBytes,
        offset: offset + (first + from) * pageBytes,
        bytes: (to - from) * pageBytes,
      };
  }
}

/** The runs of wanted pages in a piece of the page map, as half-open ranges of indices. */
export function runsOf(entries: Buffer, isWanted: PageTest, bridged = 0): [number, number][] {
  const runs: [number, number][] = [];
  const words = new Uint32Array(entries.buffer, entries.byteOffset, entries.length / 4);
  let open: [number, number] | undefined;
  for (let index = 0; index * 2 < words.length; index++) {
    const high = words[index * 2 + 1] ?? 0; // Linux runs little-endian wherever QEMU is used with this
    if (!isWanted(high)) continue;
    if (open && index - open[1] <= bridged) open[1] = index + 1;
    else {
      open = [index, index + 1];
      runs.push(open);
    }
  }
  return runs;
}

/** Of a private mapping, a page that is no longer the file's: bit 63 present, 62 swapped, 61 the file's own (or shared). */
export const isPrivate: PageTest = (high) => {
  const state = high >>> 29;
  return (state & 0b010) !== 0 || (state & 0b101) === 0b100;
};

/** A page that the process has in memory. One of a shared file that was swapped out is not, and not seen to be. */
export const isPresent: PageTest = (high) => high >>> 31 === 1;
