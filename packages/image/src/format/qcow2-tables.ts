import type { FileHandle } from 'node:fs/promises';
import { type InspectedFile, incomplete, refused } from './qcow2-errors.ts';
import { readAt } from './read-at.ts';

/** A table of 8-byte entries. */
interface Table {
  readonly offset: number;
  readonly entries: number;
}

/** Where an image's tables are, from its header. */
export interface Qcow2Layout {
  readonly virtualSize: number;
  readonly clusterBits: number;
  readonly l1: Table;
  readonly refcounts: Table;
  /** Bytes of an entry in a second-level table. */
  readonly l2EntryBytes: 8 | 16;
}

/** QEMU's own limit for a first-level table, in bytes. */
const longestTable = 32 * 2 ** 20;

/**
 * Checks that every table and every cluster that an image names begins inside the file, by QEMU's own measure
 * (`qemu-img check`: one that would end behind it by less than a cluster is whole, for the rest reads as zeros).
 */
export async function checkQcow2Tables(file: FileHandle, layout: Qcow2Layout, about: InspectedFile): Promise<void> {
  const { virtualSize, clusterBits, l1, refcounts, l2EntryBytes } = layout;
  const clusterBytes = 2 ** clusterBits;
  const needed = Math.ceil(virtualSize / (clusterBytes * (clusterBytes / l2EntryBytes)));
  if (l1.entries < needed || l1.entries * 8 > longestTable || refcounts.entries * 8 > longestTable)
    throw refused(about, 'image-corrupt', 'is damaged: its tables do not fit its size');
  const counts = await readTable(file, refcounts, about);
  for (let at = 0; at < counts.length; at += 8)
    if (placeOf(counts, at) >= about.size) throw incomplete(about, 'a count of its clusters');
  const first = await readTable(file, l1, about);
  for (let at = 0; at < first.length; at += 8) {
    const offset = placeOf(first, at);
    if (offset === 0) continue;
    const second = await readTable(file, { offset, entries: clusterBytes / 8 }, about);
    for (let entry = 0; entry < second.length; entry += l2EntryBytes)
      if (clusterPlace(second, entry, clusterBits) >= about.size) throw incomplete(about, 'a part of its data');
  }
}

async function readTable(file: FileHandle, { offset, entries }: Table, about: InspectedFile): Promise<Buffer> {
  const bytes = await readAt(file, offset, entries * 8);
  if (bytes.length < entries * 8) throw incomplete(about, 'a table of its clusters');
  return bytes;
}

/** Bits 9 to 55 of an entry: where a table or a cluster begins. In two halves: a BigInt for each would take ten times as long. */
function placeOf(table: Buffer, at: number): number {
  return (table.readUInt32BE(at) & 0x00ff_ffff) * 2 ** 32 + ((table.readUInt32BE(at + 4) & 0xffff_fe00) >>> 0);
}

/** Of a compressed cluster (bit 62) the place has fewer bits, and all of the low ones; those above say how long it is. */
function clusterPlace(table: Buffer, at: number, clusterBits: number): number {
  const high = table.readUInt32BE(at);
  if ((high & 0x4000_0000) === 0) return placeOf(table, at);
  const highBits = 62 - (clusterBits - 8) - 32;
  return (high & (2 ** highBits - 1)) * 2 ** 32 + table.readUInt32BE(at + 4);
}
