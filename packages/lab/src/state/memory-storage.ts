import type { StateStorage, StoredFile } from './state-storage.ts';

/** Keeps everything in memory: for unit tests of labs, and for the engine's own. */
export class MemoryStateStorage implements StateStorage {
  readonly files: Map<StoredFile, string>;
  /** Called before every change; a test that throws here simulates a full disk or a crash. */
  beforeChange: (kind: 'write' | 'append' | 'remove', file: StoredFile) => void = () => undefined;

  constructor(files = new Map<StoredFile, string>()) {
    this.files = files;
  }

  path(file: StoredFile): string {
    return `memory:${file}`;
  }

  async read(file: StoredFile): Promise<string | undefined> {
    return this.files.get(file);
  }

  async write(file: StoredFile, text: string): Promise<void> {
    this.beforeChange('write', file);
    this.files.set(file, text);
  }

  async append(file: StoredFile, text: string): Promise<void> {
    this.beforeChange('append', file);
    this.files.set(file, (this.files.get(file) ?? '') + text);
  }

  async remove(file: StoredFile): Promise<void> {
    this.beforeChange('remove', file);
    this.files.delete(file);
  }

  async lock(): Promise<AsyncDisposable> {
    return { [Symbol.asyncDispose]: async () => undefined };
  }
}
