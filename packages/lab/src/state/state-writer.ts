import { internalError } from '@goqemu/core';
import { formatLine, Journal, readJournal } from '../journal/journal.ts';
import { copyState, type LabState, patchInPlace, type StatePatch, stateVersion } from './lab-state.ts';
import type { ReadState } from './read-state.ts';
import type { StateStorage } from './state-storage.ts';
import { formatState } from './state-text.ts';

/**
 * The state while the holder of the lock changes it: every change goes to the journal first, and
 * `save` writes the whole and begins a new journal.
 */
export class StateWriter {
  readonly #storage: StateStorage;
  readonly #journal: Journal;
  #state: LabState; // its tables are this writer's own
  #changed: boolean;
  #closed = false;

  private constructor(storage: StateStorage, journal: Journal, state: LabState, changed: boolean) {
    this.#storage = storage;
    this.#journal = journal;
    this.#state = copyState(state);
    this.#changed = changed;
  }

  static async open(storage: StateStorage, read: ReadState, command: string): Promise<StateWriter> {
    const { lineage, serial, lab, stack, backend } = read.state;
    if (read.torn && read.journal > 0) {
      const entries = readJournal((await storage.read('journal')) ?? '');
      await storage.write('journal', entries.map((entry, index) => formatLine(index + 1, entry)).join(''));
    }
    if (!read.isCurrent) await storage.write('state', formatState(read.state));
    await storage.register(lineage);
    const journal = new Journal(storage, read.journal);
    const writer = new StateWriter(storage, journal, read.state, read.journal > 0);
    if (read.journal === 0) {
      await storage.remove('journal');
      await journal.append({ kind: 'open', version: stateVersion, lineage, serial, command, lab, stack, backend });
    }
    return writer;
  }

  get state(): LabState {
    return this.#state;
  }

  async begin(id: string, patch: StatePatch): Promise<void> {
    this.#apply(patch);
    await this.#journal.append({ kind: 'begin', id, patch });
  }

  async note(patch: StatePatch): Promise<void> {
    this.#apply(patch);
    await this.#journal.append({ kind: 'note', patch });
  }

  async end(id: string, patch: StatePatch): Promise<void> {
    this.#apply(patch);
    await this.#journal.append({ kind: 'end', id, patch });
  }

  /** Writes state.json when something has changed, and ends the journal. Nothing can be written afterwards. */
  async save(at: string): Promise<LabState> {
    this.#closed = true;
    if (this.#changed) {
      const next = { ...this.#state, serial: this.#state.serial + 1, savedAt: at };
      const [before, journal] = await Promise.all([this.#storage.read('state'), this.#storage.read('journal')]);
      if (journal === undefined) throw internalError('the journal is gone while the lock is held');
      if (before === undefined) await this.#storage.remove('state-before');
      else await this.#storage.write('state-before', before);
      await this.#storage.write('journal-before', journal);
      await this.#storage.write('state', formatState(next));
      this.#state = next;
      this.#changed = false;
    }
    await this.#storage.remove('journal');
    return this.#state;
  }

  #apply(patch: StatePatch): void {
    // What was interrupted a second time may still finish; the lock is no longer held then.
    if (this.#closed) throw internalError('the state has been saved: this change comes too late');
    patchInPlace(this.#state, patch);
    this.#changed = true;
  }
}
