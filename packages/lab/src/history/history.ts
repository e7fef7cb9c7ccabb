import type { StateStorage } from '../state/state-storage.ts';
import type { HistoryEntry } from './history-entry.ts';

export async function appendHistory(storage: StateStorage, entry: HistoryEntry): Promise<void> {
  await storage.append('history', `${JSON.stringify(entry)}\n`);
}

/** Oldest first; a line that a crash tore is left out. */
export async function readHistory(storage: StateStorage): Promise<readonly HistoryEntry[]> {
  const text = (await storage.read('history')) ?? '';
  return text.split('\n').flatMap((line): HistoryEntry[] => {
    if (!line.endsWith('}')) return [];
    try {
      return [JSON.parse(line) as HistoryEntry];
    } catch {
      return []; // torn in its middle: the next line was written after it
    }
  });
}
