import { readdir, readFile, stat } from 'node:fs/promises';
import { systemErrorCode } from '@goqemu/core';

/** A stretch of a process's memory that is mapped from a file. */
export interface Mapping {
  /** Address in the process. */
  readonly start: number;
  readonly end: number;
  /** Where in the file it begins. */
  readonly offset: number;
}

/** The main memory of a guest, as this host sees it from outside. */
export interface GuestRam {
  readonly pid: number;
  /** `shared`: the file holds what the guest sees; `private`: pages that were written to are the process's own. */
  readonly kind: 'shared' | 'private';
  /** Refers to the file even when it has no name any more (proc(5), /proc/PID/fd). */
  readonly path: string;
  readonly mappings: readonly Mapping[];
}

/**
 * Finds the RAM of a QEMU that has it in a file or memfd of exactly this many bytes. Undefined where there is none, or
 * where this host does not tell.
 */
export async function findGuestRam(pid: number, bytes: number): Promise<GuestRam | undefined> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(unlessGone);
  const names = await readdir(`/proc/${pid}/fd`).catch(unlessGone);
  if (maps === undefined || names === undefined) return undefined;
  const files = mappedFiles(maps);
  for (const name of names) {
    const path = `/proc/${pid}/fd/${name}`;
    const found = await stat(path).catch(unlessGone);
    if (!found?.isFile() || found.size !== bytes) continue;
    const file = files.get(found.ino);
    if (file && file.bytes === bytes) return { pid, path, kind: file.kind, mappings: file.mappings };
  }
  return undefined;
}

interface MappedFile {
  kind: GuestRam['kind'];
  bytes: number;
  readonly mappings: Mapping[];
}

/** Writable file mappings by inode: `start-end perms offset dev inode path` (proc(5), /proc/PID/maps). */
function mappedFiles(maps: string): ReadonlyMap<number, MappedFile> {
  const files = new Map<number, MappedFile>();
  for (const line of maps.split('\n')) {
    const fields = /^([0-9a-f]+)-([0-9a-f]+) rw.([ps]) ([0-9a-f]+) \S+ (\d+)/.exec(line);
    const inode = Number(fields?.[5] ?? 0);
    if (!fields || inode === 0) continue;
    const [start, end, offset] = [1, 2, 4].map((index) => Number.parseInt(fields[index] ?? '', 16)) as [
      number,
      number,
      number,
    ];
    const kind = fields[3] === 's' ? 'shared' : 'private';
    const file = files.get(inode) ?? { kind, bytes: 0, mappings: [] };
    file.bytes += end - start;
    file.mappings.push({ start, end, offset });
    files.set(inode, file);
  }
  return files;
}

/** Processes come and go while one reads, and others' are not ours to see. */
function unlessGone(error: unknown): undefined {
  if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
  throw error;
}
