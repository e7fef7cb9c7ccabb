import { linkSync, unlinkSync } from 'node:fs';
import { readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/** What removes and renames on a host; injected in tests. */
export interface FileOperations {
  readonly system: NodeJS.Platform;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  /** At once, past the pool of threads: see the lock that is taken for each look at a machine. */
  linkNow(from: string, to: string): void;
  unlinkNow(path: string): void;
  /** A folder with all that is in it; one that is absent is no error. */
  removeTree(path: string): Promise<void>;
  /** Names in a folder, and which of them are folders themselves. */
  entries(path: string): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]>;
  sleep(milliseconds: number): Promise<unknown>;
}

/** Those of the host that goqemu runs on. */
export const hostFileOperations: FileOperations = {
  system: process.platform,
  rename,
  unlink,
  rmdir,
  linkNow: linkSync,
  unlinkNow: unlinkSync,
  removeTree: (path) => rm(path, { recursive: true, force: true }),
  async entries(path) {
    const found = await readdir(path, { withFileTypes: true });
    return found.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  },
  sleep: (milliseconds) => setTimeout(milliseconds),
};
