import type { StateStorage, StoredFile } from './state-storage.ts';

/** Keeps everything in memory: for unit tests of labs, and for the engine's own. */
export class MemoryStateStorage implements StateStorage {
  readonly files: Map<StoredFile, string>;
  /** Called before every change; a test that throws here simulates a full disk or a crash. */
  beforeChange: (kind: 'write' | 'append' | 'remove', file: StoredFile) => void = () => undefined;

  readonly #stacks: Map<string, Map<StoredFile, string>>;

  constructor(
    files = new Map<StoredFile, string>(),
    stacks: Map<string, Map<StoredFile, string>> = new Map([['default', files]]),
  ) {
    this.files = files;
    this.#stacks = stacks;
  }

  checkPlace(): void {}

  /** Nothing in memory is found by anybody else. */
  async register(): Promise<void> {}

  async clear(): Promise<void> {
    for (const file of [...this.files.keys()].sort()) await this.remove(file);
  }

  async stacks(): Promise<readonly string[]> {
    return [...this.#stacks].flatMap(([name, files]) => (files.size > 0 ? [name] : []));
  }

  stack(name: string): StateStorage {
    const files = this.#stacks.get(name) ?? new Map<StoredFile, string>();
    this.#stacks.set(name, files);
    return this.another(files, this.#stacks);
  }

  /** The same for another stack; changes there are passed to the same listener. */
  protected another(files: Map<StoredFile, string>, stacks: Map<string, Map<StoredFile, string>>): MemoryStateStorage {
    const other = new MemoryStateStorage(files, stacks);
    other.beforeChange = (kind, file) => this.beforeChange(kind, file);
    return other;
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
