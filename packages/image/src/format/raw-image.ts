import type { FileHandle } from 'node:fs/promises';
import { readAt } from './read-at.ts';

/** The mark that a BIOS looks for before it starts a disk; UEFI's partition table has it in its protective MBR too. */
const bootMark = { offset: 510, bytes: Uint8Array.of(0x55, 0xaa) };

export async function hasBootSector(file: FileHandle): Promise<boolean> {
  return (await readAt(file, bootMark.offset, 2)).equals(bootMark.bytes);
}
