import type { FileHandle } from 'node:fs/promises';
import { readAt } from './read-at.ts';

/** A format that is refused, and where its mark is: from the file's beginning or, negative, from its end. */
interface KnownFormat {
  /** `… is an OVA appliance`. */
  readonly name: string;
  readonly marks: readonly string[];
  readonly offset?: number;
}

/**
 * Only for the message: what is not accepted is refused whether its name is here or not. A mark that a raw disk's boot
 * sector could not have comes first; the marks are those of file(1) and of QEMU's block drivers.
 */
const knownFormats: readonly KnownFormat[] = [
  { name: 'xz-compressed', marks: ['\xfd7zXZ\0'] },
  { name: 'gzip-compressed', marks: ['\x1f\x8b'] },
  { name: 'Zstandard-compressed', marks: ['\x28\xb5\x2f\xfd'] },
  { name: 'bzip2-compressed', marks: ['BZh'] },
  { name: 'LZ4-compressed', marks: ['\x04\x22\x4d\x18'] },
  { name: 'a 7-Zip archive', marks: ['7z\xbc\xaf\x27\x1c'] },
  { name: 'a zip archive', marks: ['PK\x03\x04'] },
  {
    name: 'a tar archive (an OVA appliance is one: unpack it and convert the disk in it)',
    marks: ['ustar'],
    offset: 257,
  },
  { name: 'an XML file', marks: ['<?xml'] },
  { name: 'a VMDK disk', marks: ['KDMV', 'COWD'] },
  { name: 'a VMDK descriptor', marks: ['# Disk DescriptorFile'] },
  { name: 'a VirtualBox disk (VDI)', marks: ['\x7f\x10\xda\xbe'], offset: 64 },
  { name: 'a VHDX disk', marks: ['vhdxfile'] },
  { name: 'a VHD disk', marks: ['conectix'] },
  { name: 'a fixed VHD disk', marks: ['conectix'], offset: -512 },
  { name: 'a Parallels disk', marks: ['WithoutFreeSpace', 'WithouFreSpacExt'] },
  { name: 'a QED disk', marks: ['QED\0'] },
  { name: 'a qcow disk of version 1', marks: ['QFI\xfb\0\0\0\x01'] },
  { name: 'a Bochs disk', marks: ['Bochs Virtual HD Image'] },
  { name: 'a cloop disk', marks: ['#!/bin/sh\n#V2.0 Format'] },
  { name: 'an Apple disk image (DMG)', marks: ['koly'], offset: -512 },
  { name: 'a LUKS-encrypted disk', marks: ['LUKS\xba\xbe'] },
  { name: 'a SquashFS file system', marks: ['hsqs'] },
  { name: 'an HTML page', marks: ['<!', '<html', '<HTML'] },
];

/** The name of the format, as far as it is known. */
export async function recogniseFormat(file: FileHandle, size: number): Promise<string | undefined> {
  const head = await readAt(file, 0, 512);
  const tail = size > 512 ? await readAt(file, size - 512, 512) : Buffer.alloc(0);
  const found = knownFormats.find(({ marks, offset = 0 }) => {
    const place = offset < 0 ? tail.subarray(tail.length + offset) : head.subarray(offset);
    return marks.some((mark) => place.subarray(0, mark.length).equals(Buffer.from(mark, 'latin1')));
  });
  return found?.name;
}
