import { type Dirent, type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, GoqemuError, systemErrorCode } from '@goqemu/core';

/** Milliseconds without another change until a save counts as done: editors write a file in several steps. */
const quietMs = 100;

/**
 * Tells when a file of a project changes. Left out are what begins with a dot, `node_modules`, and what is named; folders
 * that are made later are watched from the next change on.
 */
export class ProjectWatch implements Disposable {
  readonly #folder: string;
  readonly #leftOut: ReadonlySet<string>;
  readonly #watchers = new Map<string, FSWatcher>();
  #changed = new Set<string>();
  #wake: () => void = () => undefined;
  #failure: unknown;

  /**
   * @param folder absolute
   * @param leftOut absolute paths of files and folders
   * @throws GoqemuError `watch-failed`
   */
  constructor(folder: string, leftOut: Iterable<string>) {
    this.#folder = folder;
    this.#leftOut = new Set(leftOut);
    this.#look();
  }

  /**
   * Waits for a change since the last call, or since it was made.
   *
   * @returns the paths that changed
   * @throws what the signal is aborted with; GoqemuError `watch-failed`
   */
  async next(signal: AbortSignal): Promise<readonly string[]> {
    const wake = () => this.#wake();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (this.#changed.size === 0) {
        signal.throwIfAborted();
        if (this.#failure !== undefined) throw this.#failure;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      for (let before = -1; before !== this.#changed.size; ) {
        before = this.#changed.size;
        await sleep(quietMs, undefined, { signal });
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
    const changed = [...this.#changed].sort();
    this.#changed = new Set();
    this.#look();
    return changed;
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Watches each folder by itself: a recursive watch would go through node_modules. */
  #look(): void {
    const folders = new Set(this.#foldersBelow(this.#folder));
    for (const [folder, watcher] of this.#watchers)
      if (!folders.has(folder)) {
        watcher.close();
        this.#watchers.delete(folder);
      }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: true }, (_event, name) => this.#note(folder, name));
      watcher.on('error', (error) => this.#fail(folder, error));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      throw watchFailed(folder, error);
    }
  }

  #fail(folder: string, error: unknown): void {
    this.#watchers.get(folder)?.close(); // a folder that was removed; its parent tells of that
    this.#watchers.delete(folder);
    if (folder === this.#folder) this.#failure = watchFailed(folder, error);
    this.#wake();
  }

  #note(folder: string, name: string | null): void {
    if (name === null || !this.#counts(folder, name)) return;
    this.#changed.add(join(folder, name));
    this.#wake();
  }

  #foldersBelow(folder: string): readonly string[] {
    const below = entriesOf(folder).filter((entry) => entry.isDirectory() && this.#counts(folder, entry.name));
    return [folder, ...below.flatMap(({ name }) => this.#foldersBelow(join(folder, name)))];
  }

  #counts(folder: string, name: string): boolean {
    return !name.startsWith('.') && name !== 'node_modules' && !this.#leftOut.has(join(folder, name));
  }
}

/** Of a folder that has gone meanwhile, none: its parent tells of that. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw watchFailed(folder, error);
  }
}

function watchFailed(folder: string, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: 'watch-failed',
    source: 'environment',
    subject: folder,
    message: `the files in ${folder} cannot be watched`,
    detail: errorMessage(cause),
    hint: 'run the tests without --watch; on Linux a higher fs.inotify.max_user_watches may help',
    cause,
  });
}
