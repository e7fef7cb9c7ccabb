import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryStateStorage } from '../state/memory-storage.ts';
import { formatLine, Journal, type JournalEntry, readJournal } from './journal.ts';

const note = (name: string): JournalEntry => ({ kind: 'note', patch: { secrets: { [name]: name } } });

test('entries are read back in the order in which they were written', async () => {
  const storage = new MemoryStateStorage();
  const journal = new Journal(storage, 0);
  await Promise.all([journal.append(note('a')), journal.append(note('b'))]);
  await journal.append(note('ü\n"'));
  assert.deepEqual(readJournal(storage.files.get('journal') ?? ''), [note('a'), note('b'), note('ü\n"')]);
});

test('every line is JSON', async () => {
  assert.deepEqual(JSON.parse(formatLine(3, note('a'))).slice(1), [3, note('a')]);
});

test('after a line that could not be written none is', async () => {
  const storage = new MemoryStateStorage();
  const journal = new Journal(storage, 0);
  await journal.append(note('a'));
  storage.beforeChange = () => {
    throw new Error('full');
  };
  await assert.rejects(journal.append(note('b')), { message: 'full' });
  storage.beforeChange = () => undefined;
  await assert.rejects(journal.append(note('c')), { message: 'full' });
  assert.deepEqual(readJournal(storage.files.get('journal') ?? ''), [note('a')]);
});

test('however a journal is damaged, what is read is a beginning of what was written', () => {
  const lines = ['a', 'b', 'c', 'd'].map((name, index) => formatLine(index + 1, note(name)));
  const all = readJournal(lines.join(''));
  fc.assert(
    fc.property(fc.nat(lines.join('').length), fc.string(), fc.nat(20), (at, garbage, removed) => {
      const text = lines.join('');
      const read = readJournal(text.slice(0, at) + garbage + text.slice(at + removed));
      assert.deepEqual(read, all.slice(0, read.length));
    }),
  );
});
