import { createHash } from 'node:crypto';
import type { StatePatch } from '../state/lab-state.ts';
import type { StateStorage } from '../state/state-storage.ts';

/** One line of the journal. */
export type JournalEntry =
  /** Binds the journal to the state that it continues from. */
  | {
      readonly kind: 'open';
      /** Of the state that the changes are of; 1 when absent. */
      readonly version?: number;
      readonly lineage: string;
      readonly serial: number;
      readonly command: string;
      readonly lab: string;
      readonly stack: string;
      readonly backend: string;
    }
  /** Durable before the operation acts; its patch says what is in doubt until the end is written. */
  | { readonly kind: 'begin'; readonly id: string; readonly patch: StatePatch }
  /** Learned while the operation runs, such as captured output. */
  | { readonly kind: 'note'; readonly patch: StatePatch }
  /** Durable before the operation counts. */
  | { readonly kind: 'end'; readonly id: string; readonly patch: StatePatch };

/**
 * An append-only list of what was begun and what came of it since the state was last saved. Every line has a
 * number and a checksum, so that a line torn by a crash, and whatever follows it, is not read.
 */
export class Journal {
  readonly #storage: StateStorage;
  #sequence: number;
  /** Lines that wait for the write before theirs to end; they then go out together. */
  #waiting: string[] = [];
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #broken: { readonly cause: unknown } | undefined;

  constructor(storage: StateStorage, sequence: number) {
    this.#storage = storage;
    this.#sequence = sequence;
  }

  /** Resolves when the entry is durable. Entries are written in the order of the calls. */
  append(entry: JournalEntry): Promise<void> {
    // What follows a line that could not be written would be out of sequence, and never read.
    if (this.#broken) return Promise.reject(this.#broken.cause);
    this.#waiting.push(formatLine(++this.#sequence, entry));
    this.#next ??= this.#current.then(() => {
      if (this.#broken) throw this.#broken.cause;
      const lines = this.#waiting.splice(0).join('');
      this.#next = undefined;
      const written = this.#storage.append('journal', lines);
      this.#current = written.catch((cause: unknown) => {
        this.#broken = { cause };
      });
      return written;
    });
    return this.#next;
  }
}

export function formatLine(sequence: number, entry: JournalEntry): string {
  const body = `${sequence},${JSON.stringify(entry)}]`;
  return `["${checksum(body)}",${body}\n`;
}

/** The entries up to the first line that is damaged or out of sequence. */
export function readJournal(text: string): readonly JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (const line of text.split('\n')) {
    if (line.slice(0, 12) !== `["${checksum(line.slice(12))}",`) break;
    const [, sequence, entry] = JSON.parse(line) as [string, number, JournalEntry];
    if (sequence !== entries.length + 1) break;
    entries.push(entry);
  }
  return entries;
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 8);
}
