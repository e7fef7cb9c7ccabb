import { type FileHandle, open, stat } from 'node:fs/promises';
import { systemErrorCode } from '@goqemu/core';
import type { GuestRam } from './guest-ram.ts';
import { isPresent, pageBytes, runsOfPages } from './page-map.ts';
import { type CopyOptions, copyRam, prepareCopying } from './ram-file.ts';

/** Read at once; less takes longer, more is not quicker. */
const chunkBytes = 2 ** 20;

/**
 * A copy of RAM in a shared file, most of which is made while the guest runs. Which pages were written to since is not
 * known without a kernel that keeps soft-dirty bits, or QEMU's own, which it keeps to itself. So in the pause the pages in
 * use are compared, which takes a third of the time that copying them would.
 */
export class SharedRamCopy {
  readonly #ram: GuestRam;
  readonly #file: string;
  readonly #limits: CopyOptions;
  /** One byte for each page: whether it may hold something, in the memory or in the copy. Undefined without a copy. */
  #used: Uint8Array | undefined;

  /** @param file there and empty */
  constructor(ram: GuestRam, file: string, limits: CopyOptions) {
    this.#ram = ram;
    this.#file = file;
    this.#limits = limits;
  }

  /** While the guest runs. Where it cannot be found out which pages are in use, all of it is left to `finish`. */
  async begin(): Promise<void> {
    const before = await pagesInUse(this.#ram);
    if (!before) return prepareCopying();
    await copyRam(this.#ram.path, this.#file, this.#limits);
    this.#used = unite(before, await pagesInUse(this.#ram));
  }

  /**
   * While the guest stands still: makes the copy what the memory is.
   *
   * @returns how many bytes had to be written; undefined where all of it was copied
   */
  async finish(): Promise<number | undefined> {
    const used = this.#used && unite(this.#used, await pagesInUse(this.#ram));
    if (used) return updatePages({ from: this.#ram.path, to: this.#file, used, signal: this.#limits.signal });
    await copyRam(this.#ram.path, this.#file, this.#limits);
    return undefined;
  }
}

/** A page that is given back to the host between two looks is stale in the copy: what was in use at any of them counts. */
function unite(pages: Uint8Array, others: Uint8Array | undefined): Uint8Array | undefined {
  if (!others) return undefined;
  for (let page = 0; page < pages.length; page++) if (others[page]) pages[page] = 1;
  return pages;
}

/**
 * The pages of the file that hold something, one byte for each page. Undefined where the process's page map does not say:
 * it may not be read, or lacks pages (swapped out, or of a restore, and never looked at since).
 */
async function pagesInUse({ pid, path, mappings }: GuestRam): Promise<Uint8Array | undefined> {
  try {
    const { size, blocks } = await stat(path); // before, since a guest that runs takes more meanwhile
    await using pagemap = await open(`/proc/${pid}/pagemap`, 'r');
    const used = new Uint8Array(size / pageBytes);
    let bytes = 0;
    for (const mapping of mappings)
      for await (const run of runsOfPages(mapping, pagemap, isPresent)) {
        used.fill(1, run.offset / pageBytes, (run.offset + run.bytes) / pageBytes);
        bytes += run.bytes;
      }
    return bytes >= blocks * 512 ? used : undefined;
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

interface Update {
  readonly from: string;
  readonly to: string;
  readonly used: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** Compares the pages in use, and writes those that differ; tells how many bytes that were. */
async function updatePages({ from, to, used, signal }: Update): Promise<number> {
  await using source = await open(from, 'r');
  await using target = await open(to, 'r+');
  const wanted = Buffer.allocUnsafe(chunkBytes);
  const found = Buffer.allocUnsafe(chunkBytes);
  let written = 0;
  for (let page = used.indexOf(1); page >= 0; ) {
    signal?.throwIfAborted();
    const free = used.subarray(page, page + chunkBytes / pageBytes).indexOf(0);
    const bytes = free < 0 ? Math.min(chunkBytes, (used.length - page) * pageBytes) : free * pageBytes;
    const at = page * pageBytes;
    await Promise.all([fill(source, wanted, at, bytes), fill(target, found, at, bytes)]);
    for (const [start, end] of differingPages(wanted, found, bytes)) {
      await writeAll(target, wanted.subarray(start, end), at + start);
      written += end - start;
    }
    page = used.indexOf(1, page + bytes / pageBytes);
  }
  return written;
}

/** What lies behind the end of a file is zeros, as QEMU sees it. */
async function fill(file: FileHandle, buffer: Buffer, at: number, bytes: number): Promise<void> {
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, at + done);
    if (bytesRead === 0) return void buffer.fill(0, done, bytes);
    done += bytesRead;
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}

/** Half-open ranges of bytes, whole pages. */
export function differingPages(one: Buffer, other: Buffer, bytes: number): [number, number][] {
  if (one.compare(other, 0, bytes, 0, bytes) === 0) return [];
  const ranges: [number, number][] = [];
  for (let start = 0; start < bytes; start += pageBytes) {
    const end = start + pageBytes;
    if (one.compare(other, start, end, start, end) === 0) continue;
    const last = ranges.at(-1);
    if (last?.[1] === start) last[1] = end;
    else ranges.push([start, end]);
  }
  return ranges;
}
