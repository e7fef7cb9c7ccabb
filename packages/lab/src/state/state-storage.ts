import { open, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  acquireFileLock,
  checkResourceName,
  copyPath,
  folderNames,
  makeFolders,
  makePrivateFolder,
  moveFolderAside,
  readOwnFile,
  readOwnText,
  readTwice,
  removeAbandonedDrafts,
  removeFile,
  syncFolder,
  systemErrorCode,
  writeOwnFile,
  writeTwice,
} from '@goqemu/core';
import { homeNote, homeNotePath, refuseCopy, refuseOtherHome, stateNote, stateNotePath } from './known-states.ts';
import type { LabState } from './lab-state.ts';
import { keyFile, keyIn, ownKey } from './own-key.ts';
import { refuseCaseTwin } from './refuse-case-twin.ts';

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
  | SecretKeyFile;

/**
 * The key of the secrets of one lineage. Without the lineage: as it was called before, when labs of one name in two
 * folders shared it; it is read still, and never written.
 */
export type SecretKeyFile = 'secret-key' | `secret-key-${string}`;

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
  /**
   * @throws GoqemuError `state-copied` when the state of this lineage is another one, which is there still;
   *   `state-elsewhere` when it has machines, and they are in another folder of goqemu
   */
  checkPlace(state: Pick<LabState, 'lineage' | 'resources'>): void;
  /** Notes in goqemu's own folder where the state of this lineage is, and beside the state which folder that is. */
  register(lineage: string): Promise<void>;
  /** Removes everything of this lineage, and the place itself once the lock is released. */
  clear(lineage: string): Promise<void>;
  /** The stacks of the lab that have something here, this one among them. */
  stacks(): Promise<readonly string[]>;
  /** Where another stack of the lab has its files. */
  stack(name: string): StateStorage;
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
  #cleared = false;

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
      default:
        return join(home, 'keys', `${file.slice('secret-key-'.length)}.state-key`);
    }
  }

  /** What cannot be read is returned as a text that no such file has: it is damaged, and not absent. */
  async read(file: StoredFile): Promise<string | undefined> {
    const path = this.path(file);
    if (isSecretKey(file)) {
      const kept = readTwice(path, keyIn);
      if (!kept?.value) return kept && unreadable;
      const copy = keyIn(readOwnText(copyPath(path)) ?? '');
      if (copy && copy !== kept.value) return await ownKey(path, [kept.value, copy]);
      // It never changes: any reader may rewrite the damaged one of the two.
      if (kept.damage || !copy) await this.write(file, kept.value).catch(notNow);
      return kept.value;
    }
    const found = readOwnFile(path);
    return found && ('text' in found ? found.text : unreadable);
  }

  async write(file: StoredFile, text: string): Promise<void> {
    if (!isSecretKey(file)) return await writeOwnFile(this.path(file), text);
    await makePrivateFolder(dirname(this.path(file)));
    await writeTwice(this.path(file), keyFile(text), { mode: 0o600 });
  }

  async append(file: StoredFile, text: string): Promise<void> {
    const path = this.path(file);
    makeFolders(dirname(path));
    await moveFolderAside(path);
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
    await moveFolderAside(this.path(file));
    await removeFile(this.path(file));
  }

  checkPlace({ lineage, resources }: Pick<LabState, 'lineage' | 'resources'>): void {
    const { home, stateFolder } = this.#folders;
    refuseCopy(home, lineage, stateFolder);
    if (Object.keys(resources.machine).length > 0) refuseOtherHome(home, lineage, stateFolder);
  }

  async register(lineage: string): Promise<void> {
    const { home, stateFolder } = this.#folders;
    await writeNote(stateNotePath(home, lineage), stateNote(this.#folders));
    await writeNote(homeNotePath(stateFolder), homeNote(home));
  }

  async clear(lineage: string): Promise<void> {
    // The state goes last: what is left by a crash still says what it is.
    for (const file of ['history', 'journal-before', 'state-before', 'journal', 'state'] as const)
      await this.remove(file);
    await removeFile(homeNotePath(this.#folders.stateFolder));
    await removeFile(stateNotePath(this.#folders.home, lineage));
    this.#cleared = true;
  }

  stacks(): Promise<readonly string[]> {
    return folderNames(dirname(this.#folders.stateFolder));
  }

  stack(name: string): StateStorage {
    const stateFolder = join(dirname(this.#folders.stateFolder), checkResourceName(name, 'the stack'));
    return new FileStateStorage({ ...this.#folders, stack: name, stateFolder });
  }

  /** The holder of the lock clears away what a killed one was just writing. */
  async lock(command: string, waitMs: number, signal?: AbortSignal): Promise<AsyncDisposable> {
    const { stateFolder } = this.#folders;
    await refuseCaseTwin(stateFolder);
    const lock = await acquireFileLock(join(stateFolder, 'lock'), {
      command,
      waitMs,
      ...(signal ? { signal } : {}),
    });
    try {
      await removeAbandonedDrafts(stateFolder);
      return {
        [Symbol.asyncDispose]: async () => {
          await lock[Symbol.asyncDispose]();
          if (this.#cleared) await removeEmptyFolder(stateFolder);
        },
      };
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }
}

async function writeNote(path: string, text: string): Promise<void> {
  if (readOwnText(path) === text) return;
  await removeAbandonedDrafts(dirname(path));
  await writeOwnFile(path, text, { mode: 0o600 });
}

/** What a file holds that cannot be read: not JSON, and no entry of a journal. */
const unreadable = '\n';

function isSecretKey(file: StoredFile): boolean {
  return file.startsWith('secret-key');
}

/** A host that cannot be written to now is healed another time. */
function notNow(error: unknown): void {
  if (systemErrorCode(error) === undefined) throw error;
}

/** Another process may have begun something there already. */
async function removeEmptyFolder(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
  });
}
