import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import fc from 'fast-check';
import { isoImage } from './iso9660-writer.ts';

interface Entry {
  readonly name: string;
  readonly content: Buffer;
}

/** Reads the root folder back as Linux (Rock Ridge) or Windows (Joliet) would, checking both byte orders. */
function read(image: Uint8Array, tree: 'rock-ridge' | 'joliet'): { volumeId: string; entries: Entry[] } {
  const disk = Buffer.from(image);
  const descriptor = disk.subarray((tree === 'joliet' ? 17 : 16) * 2048);
  assert.equal(descriptor.toString('latin1', 1, 6), 'CD001');
  assert.equal(descriptor[0], tree === 'joliet' ? 2 : 1);
  assert.equal(descriptor.readUInt32LE(80) * 2048, disk.length);
  assert.equal(descriptor.readUInt32LE(80), descriptor.readUInt32BE(84));
  const ucs2 = (bytes: Buffer) => Buffer.from(bytes).swap16().toString('utf16le');
  const label = descriptor.subarray(40, 72);
  const volumeId = (tree === 'joliet' ? ucs2(label) : label.toString('latin1')).trimEnd();
  const root = descriptor.subarray(156);
  const folder = disk.subarray(root.readUInt32LE(2) * 2048).subarray(0, root.readUInt32LE(10));
  const entries: Entry[] = [];
  for (let at = 0; at < folder.length; ) {
    const length = folder[at] ?? 0;
    if (length === 0) {
      at = (Math.floor(at / 2048) + 1) * 2048;
      continue;
    }
    assert.ok((at % 2048) + length <= 2048, 'no record crosses a sector');
    const record = folder.subarray(at, at + length);
    at += length;
    assert.equal(record.readUInt32LE(2), record.readUInt32BE(6));
    assert.equal(record.readUInt32LE(10), record.readUInt32BE(14));
    if ((record[25] ?? 0) & 2) continue; // the folder itself and its parent
    const nameLength = record[32] ?? 0;
    const plain = record.subarray(33, 33 + nameLength);
    const name =
      tree === 'joliet' ? ucs2(plain) : rockRidgeName(record.subarray(33 + nameLength + (nameLength % 2 ? 0 : 1)));
    const start = record.readUInt32LE(2) * 2048;
    entries.push({ name, content: disk.subarray(start, start + record.readUInt32LE(10)) });
  }
  return { volumeId, entries };
}

function rockRidgeName(systemUse: Buffer): string {
  for (let at = 0; at + 4 <= systemUse.length; at += systemUse[at + 2] ?? systemUse.length) {
    if (systemUse.toString('latin1', at, at + 2) === 'NM')
      return systemUse.toString('latin1', at + 5, at + (systemUse[at + 2] ?? 0));
    if (!systemUse[at + 2]) break;
  }
  throw new Error('a record has no Rock Ridge name');
}

const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,40}$/);
const files = fc.uniqueArray(fc.record({ name, content: fc.uint8Array({ maxLength: 5000 }) }), {
  selector: (file) => file.name,
  maxLength: 60,
});

test('whatever files are written can be read back by name, as Rock Ridge and as Joliet', () => {
  fc.assert(
    fc.property(files, (written) => {
      const image = isoImage({ volumeId: 'cidata', files: written });
      assert.equal(image.length % 2048, 0);
      const expected = new Map(written.map((file) => [file.name, Buffer.from(file.content)]));
      for (const tree of ['rock-ridge', 'joliet'] as const) {
        const { volumeId, entries } = read(image, tree);
        assert.equal(volumeId, 'cidata');
        assert.deepEqual(new Map(entries.map((entry) => [entry.name, Buffer.from(entry.content)])), expected);
      }
    }),
    { numRuns: 60 },
  );
});

test('equal files give equal bytes, in whatever order they come', () => {
  const one = { name: 'user-data', content: Buffer.from('a') };
  const two = { name: 'meta-data', content: Buffer.from('b') };
  assert.deepEqual(
    isoImage({ volumeId: 'cidata', files: [one, two] }),
    isoImage({ volumeId: 'cidata', files: [two, one] }),
  );
});

test('a name that could not be kept is refused by name', () => {
  const refused = (...names: string[]) =>
    assert.throws(
      () => isoImage({ volumeId: 'cidata', files: names.map((item) => ({ name: item, content: Buffer.alloc(0) })) }),
      (error) => hasErrorCode(error, 'seed-file-invalid'),
      names.join(),
    );
  for (const bad of ['', '.', '..', '../x', 'a/b', 'a\\b', 'a b', 'ä', 'x'.repeat(65), 'a\0']) refused(bad);
  refused('a', 'a');
  assert.throws(() => isoImage({ volumeId: 'x'.repeat(17), files: [] }));
});
