import { GoqemuError } from '@goqemu/core';
import { ascii, bothEndian16, bothEndian32, joinBytes, recordingTime, ucs2, volumeTime } from './iso9660-fields.ts';

/** One file in the root folder of the image. */
export interface IsoFile {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface IsoImage {
  /** 1 to 16 printable ASCII characters; cloud-init looks for `cidata`. */
  readonly volumeId: string;
  readonly files: readonly IsoFile[];
}

const sectorSize = 2048;
const sectorOf = {
  primaryDescriptor: 16,
  jolietDescriptor: 17,
  terminator: 18,
  primaryPathTableL: 19,
  primaryPathTableM: 20,
  jolietPathTableL: 21,
  jolietPathTableM: 22,
  folders: 23,
} as const;

interface PlacedFile extends IsoFile {
  readonly sector: number;
  /** The plain ISO 9660 name: the others are in Rock Ridge and Joliet. */
  readonly shortName: string;
}

/**
 * Writes a read-only file system with one folder: ECMA-119 (ISO 9660), with Rock Ridge (RRIP 1.09, SUSP 1.09)
 * names for Unix guests and Joliet names for Windows guests. Equal input gives equal bytes: no clock, no random.
 *
 * @throws GoqemuError `seed-file-invalid` for a name that is empty, longer than 64 characters, has a slash or a
 * control character, or comes twice
 * @example
 * const image = isoImage({ volumeId: 'cidata', files: [{ name: 'meta-data', content: Buffer.from('{}') }] });
 */
export function isoImage(image: IsoImage): Uint8Array {
  checkNames(image);
  const files = [...image.files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = files.map((file, index) => ({
    ...file,
    shortName: `F${String(index).padStart(7, '0')}.;1`,
    sector: 0,
  }));
  const primarySize = padded(primaryFolder(names, 0, 0).length);
  const jolietSize = padded(jolietFolder(names, 0, 0).length);
  const jolietStart = sectorOf.folders + primarySize / sectorSize;
  let next = jolietStart + jolietSize / sectorSize;
  const placed: PlacedFile[] = names.map((file) => {
    const sector = next;
    next += padded(file.content.length) / sectorSize;
    return { ...file, sector };
  });

  const bytes = new Uint8Array(next * sectorSize);
  const put = (sector: number, content: Uint8Array) => bytes.set(content, sector * sectorSize);
  const primary = { start: sectorOf.folders, size: primarySize, tableL: sectorOf.primaryPathTableL };
  const joliet = { start: jolietStart, size: jolietSize, tableL: sectorOf.jolietPathTableL };
  put(sectorOf.primaryDescriptor, descriptor(1, ascii(image.volumeId), next, primary));
  put(sectorOf.jolietDescriptor, descriptor(2, ucs2(image.volumeId), next, joliet));
  put(sectorOf.terminator, joinBytes([Uint8Array.of(255), ascii('CD001'), Uint8Array.of(1)]));
  put(sectorOf.primaryPathTableL, pathTable(primary.start, true));
  put(sectorOf.primaryPathTableM, pathTable(primary.start, false));
  put(sectorOf.jolietPathTableL, pathTable(joliet.start, true));
  put(sectorOf.jolietPathTableM, pathTable(joliet.start, false));
  put(primary.start, primaryFolder(placed, primary.start, primary.size));
  put(joliet.start, jolietFolder(placed, joliet.start, joliet.size));
  for (const file of placed) put(file.sector, file.content);
  return bytes;
}

function checkNames(image: IsoImage): void {
  const seen = new Set<string>();
  for (const { name } of image.files) {
    // Joliet allows 64 characters of UCS-2; NM entries of one record hold more than that.
    const valid = /^[\x21-\x7e]{1,64}$/.test(name) && !/[/\\*:;?]/.test(name) && name !== '.' && name !== '..';
    if (!valid || seen.has(name)) {
      throw new GoqemuError({
        code: 'seed-file-invalid',
        source: 'internal',
        subject: name,
        message: `${JSON.stringify(name)} cannot be a file of a seed: ${valid ? 'it is there twice' : 'the name is not valid'}`,
      });
    }
    seen.add(name);
  }
  if (!/^[\x20-\x7e]{1,16}$/.test(image.volumeId)) {
    throw new GoqemuError({
      code: 'seed-file-invalid',
      source: 'internal',
      message: `${JSON.stringify(image.volumeId)} is not a volume id: expected 1 to 16 printable ASCII characters`,
    });
  }
}

interface Folder {
  readonly start: number;
  readonly size: number;
  readonly tableL: number;
}

/** Volume descriptor, ECMA-119 §8.4 (type 1) and, for Joliet, §8.5 (type 2). */
function descriptor(type: 1 | 2, volumeId: Uint8Array, sectors: number, root: Folder): Uint8Array {
  const joliet = type === 2;
  const text = (content: string, length: number) =>
    joliet ? fitted(ucs2(content), length, ucs2(' ')) : fitted(ascii(content), length, ascii(' '));
  const pathTableSize = 10;
  const big = (value: number) => bothEndian32(value).subarray(4);
  return joinBytes([
    Uint8Array.of(type),
    ascii('CD001'),
    Uint8Array.of(1, 0),
    text('', 32), // system identifier
    fitted(volumeId, 32, joliet ? ucs2(' ') : ascii(' ')),
    new Uint8Array(8),
    bothEndian32(sectors),
    fitted(joliet ? ascii('%/E') : new Uint8Array(0), 32, Uint8Array.of(0)), // UCS-2 level 3
    bothEndian16(1), // volumes in the set
    bothEndian16(1), // this one's number
    bothEndian16(sectorSize),
    bothEndian32(pathTableSize),
    bothEndian32(root.tableL).subarray(0, 4),
    new Uint8Array(4), // no second little-endian path table
    big(root.tableL + 1),
    new Uint8Array(4),
    folderRecord(Uint8Array.of(0), root.start, root.size, new Uint8Array(0)),
    text('', 128), // volume set
    text('', 128), // publisher
    text('', 128), // preparer
    text('GOQEMU', 128), // application
    text('', 37), // copyright file
    text('', 37), // abstract file
    text('', 37), // bibliographic file
    volumeTime,
    volumeTime,
    new Uint8Array([...ascii('0'.repeat(16)), 0]), // does not expire
    volumeTime,
    Uint8Array.of(1),
  ]);
}

/** Path table with the root folder alone, ECMA-119 §9.4. */
function pathTable(rootSector: number, littleEndian: boolean): Uint8Array {
  const both = bothEndian32(rootSector);
  const parent = bothEndian16(1);
  return joinBytes([
    Uint8Array.of(1, 0),
    littleEndian ? both.subarray(0, 4) : both.subarray(4),
    littleEndian ? parent.subarray(0, 2) : parent.subarray(2),
    Uint8Array.of(0, 0),
  ]);
}

function primaryFolder(files: readonly PlacedFile[], start: number, size: number): Uint8Array {
  const folderMode = posixAttributes(0o040755, 2);
  const self = joinBytes([suspIndicator, folderMode, rockRidgeReference]);
  return inSectors([
    folderRecord(Uint8Array.of(0), start, size, self),
    folderRecord(Uint8Array.of(1), start, size, folderMode),
    ...files.map((file) =>
      fileRecord(ascii(file.shortName), file, joinBytes([posixAttributes(0o100444, 1), alternateName(file.name)])),
    ),
  ]);
}

function jolietFolder(files: readonly PlacedFile[], start: number, size: number): Uint8Array {
  const none = new Uint8Array(0);
  return inSectors([
    folderRecord(Uint8Array.of(0), start, size, none),
    folderRecord(Uint8Array.of(1), start, size, none),
    ...files.map((file) => fileRecord(ucs2(file.name), file, none)),
  ]);
}

/** SP entry: the system use area follows SUSP 1.09 §5.3. */
const suspIndicator = Uint8Array.of(0x53, 0x50, 7, 1, 0xbe, 0xef, 0);

/** ER entry: the extension in use is Rock Ridge, SUSP 1.09 §5.5. */
const rockRidgeReference = joinBytes([ascii('ER'), Uint8Array.of(18, 1, 10, 0, 0, 1), ascii('RRIP_1991A')]);

/** PX entry, RRIP 1.09 §4.1.1: owner and group are root. */
function posixAttributes(mode: number, links: number): Uint8Array {
  const fields = [mode, links, 0, 0].map(bothEndian32);
  return joinBytes([ascii('PX'), Uint8Array.of(36, 1), ...fields]);
}

/** NM entry, RRIP 1.09 §4.1.4. */
function alternateName(name: string): Uint8Array {
  return joinBytes([ascii('NM'), Uint8Array.of(5 + name.length, 1, 0), ascii(name)]);
}

const fileRecord = (name: Uint8Array, file: PlacedFile, systemUse: Uint8Array) =>
  directoryRecord({ name, sector: file.sector, size: file.content.length, flags: 0, systemUse });

const folderRecord = (name: Uint8Array, sector: number, size: number, systemUse: Uint8Array) =>
  directoryRecord({ name, sector, size, flags: 2, systemUse });

interface DirectoryRecord {
  readonly name: Uint8Array;
  readonly sector: number;
  readonly size: number;
  readonly flags: number;
  readonly systemUse: Uint8Array;
}

/** Directory record, ECMA-119 §9.1. */
function directoryRecord({ name, sector, size, flags, systemUse }: DirectoryRecord): Uint8Array {
  const namePadding = name.length % 2 === 0 ? 1 : 0;
  const used = 33 + name.length + namePadding + systemUse.length;
  const length = used + (used % 2);
  return joinBytes([
    Uint8Array.of(length, 0),
    bothEndian32(sector),
    bothEndian32(size),
    recordingTime,
    Uint8Array.of(flags, 0, 0),
    bothEndian16(1),
    Uint8Array.of(name.length),
    name,
    new Uint8Array(namePadding),
    systemUse,
    new Uint8Array(length - used),
  ]);
}

/** No directory record crosses the end of a sector, ECMA-119 §6.8.1.1. */
function inSectors(records: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let used = 0;
  for (const record of records) {
    const room = sectorSize - (used % sectorSize);
    if (record.length > room) {
      parts.push(new Uint8Array(room));
      used += room;
    }
    parts.push(record);
    used += record.length;
  }
  return joinBytes(parts);
}

const padded = (size: number) => Math.max(1, Math.ceil(size / sectorSize)) * sectorSize;

function fitted(content: Uint8Array, length: number, filler: Uint8Array): Uint8Array {
  const result = new Uint8Array(length);
  for (let index = 0; index < length; index++) result[index] = filler[index % filler.length] ?? 0;
  result.set(content.subarray(0, length));
  return result;
}
