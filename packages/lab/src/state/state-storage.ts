import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { acquireFileLock, removeAbandonedDrafts, syncFolder, systemErrorCode, writeFileAtomic } from '@goqemu/core';

/**
 * What the engine keeps: the state, its journal, the history, what image names resolved to, and the key of
 * the state's secrets. `state-before` is the state as it was before the last save.
 */
export type StoredFile =
  | 'state'
  | 'state-before'
  | 'journal'
  | 'journal-before'
  | 'history'
  | 'lab-lock'
  | 'secret-key';

/** Where that lies; a test keeps it in memory. */
export interface StateStorage {
  /** Undefined when there is none. */
  read(file: StoredFile): Promise<string | undefined>;
  /** Replaces it whole or not at all, durably. */
  write(file: StoredFile, text: string): Promise<void>;
  /** Durable when it returns. */
  append(file: StoredFile, text: string): Promise<void>;
  remove(file: StoredFile): Promise<void>;
  /** The path, for messages. */
  path(file: StoredFile): string;
  /** @throws GoqemuError `locked` */
  lock(command: string, waitMs: number, signal?: AbortSignal): Promise<AsyncDisposable>;
}

export interface StorageFolders {
  readonly stateFolder: string;
  readonly labFolder: string;
  /** goqemu's own folder. */
  readonly home: string;
  readonly lab: string;
  readonly stack: string;
}

export class FileStateStorage implements StateStorage {
  readonly #folders: StorageFolders;

  constructor(folders: StorageFolders) {
    this.#folders = folders;
  }

  path(file: StoredFile): string {
    const { stateFolder, labFolder, home, lab, stack } = this.#folders;
    switch (file) {
      case 'state':
        return join(stateFolder, 'state.json');
      case 'state-before':
        return join(stateFolder, 'state.before.json');
      case 'journal':
        return join(stateFolder, 'journal.ndjson');
      case 'journal-before':
        return join(stateFolder, 'journal.before.ndjson');
      case 'history':
        return join(stateFolder, 'history.ndjson');
      case 'lab-lock':
        return join(labFolder, 'lab.lock.json');
      case 'secret-key':
        return join(home, 'keys', `${lab}-${stack}.state-key`);
    }
  }

  async read(file: StoredFile): Promise<string | undefined> {
    try {
      return await readFile(this.path(file), 'utf8');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write(file: StoredFile, text: string): Promise<void> {
    const secret = file === 'secret-key';
    if (secret) await mkdir(dirname(this.path(file)), { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.path(file), text, { mode: secret ? 0o600 : 0o644 });
  }

  async append(file: StoredFile, text: string): Promise<void> {
    const path = this.path(file);
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, 'a', 0o644);
    try {
      const { size } = await handle.stat();
      await handle.writeFile(text);
      await handle.datasync();
      if (size === 0) await syncFolder(dirname(path));
    } finally {
      await handle.close();
    }
  }

  async remove(file: StoredFile): Promise<void> {
    await rm(this.path(file), { force: true });
  }

  /** Whoever holds the lock clears away what a killed one was just writing. */
  async lock(command: string, waitMs: number, signal?: AbortSignal): Promise<AsyncDisposable> {
    const { stateFolder } = this.#folders;
    const lock = await acquireFileLock(join(stateFolder, 'lock'), {
      command,
      waitMs,
      ...(signal ? { signal } : {}),
    });
    try {
      await removeAbandonedDrafts(stateFolder);
      return lock;
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }
}
