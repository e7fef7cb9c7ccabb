import { open } from 'node:fs/promises';
import { GoqemuError } from '@goqemu/core';

/**
 * QEMU's migration stream (docs/devel/migration: "Stream structure"), cut into the parts that a checkpoint of a
 * copy-on-write machine reassembles.
 */
export interface StateStream {
  /** Magic, version and configuration: the machine type and the capabilities that were on. */
  readonly head: Buffer;
  /** Everything before the first device: the sections that RAM travels in. */
  readonly ram: Buffer;
  /** The sections of the devices, with the mark of the end and what follows it. */
  readonly devices: Buffer;
  /** Names of the RAM blocks whose pages are in the stream; blocks that stay in a shared file have none there. */
  readonly blocks: readonly string[];
}

/** Whether a file begins as a saved state does: for those that are too large to be read whole. */
export async function isSavedState(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(headerBytes);
    const { bytesRead } = await file.read(head, 0, headerBytes, 0);
    return bytesRead === headerBytes && head.readUInt32BE(0) === magic && head.readUInt32BE(4) === 3;
  } finally {
    await file.close();
  }
}

/** Types of sections, one byte each. */
const section = { end: 0x00, start: 0x01, part: 0x02, last: 0x03, full: 0x04, subsection: 0x05 } as const;
const more = { description: 0x06, configuration: 0x07, command: 0x08, footer: 0x7e } as const;
/** What a word of the RAM section says, in its lower 12 bits; the rest is an address. */
const page = { zero: 0x02, sizes: 0x04, content: 0x08, end: 0x10, sameBlock: 0x20 } as const;
/** x86-64 and arm64 both migrate pages of 4 KiB. */
const pageBytes = 4096;
const magic = 0x5145564d; // QEVM
const headerBytes = 8;

/**
 * @throws GoqemuError `state-stream-unknown` for a stream of a form that goqemu does not know
 */
export function parseStateStream(bytes: Buffer): StateStream {
  const reader = new Reader(bytes);
  readHeader(reader);
  const head = reader.position;
  const blocks = new Set<string>();
  while (reader.peek() !== section.full && reader.peek() !== section.end) readRamPart(reader, blocks);
  const devices = reader.position;
  return {
    head: bytes.subarray(0, head),
    ram: bytes.subarray(head, devices),
    devices: bytes.subarray(devices),
    blocks: [...blocks],
  };
}

/**
 * The state of a machine whose RAM blocks, but for its main memory, are what they were in `base`: the devices come
 * from a file that `xen-save-devices-state` wrote, which has neither configuration nor RAM.
 */
export function withDevices(base: StateStream, deviceFile: Buffer): Buffer {
  const reader = new Reader(deviceFile);
  readMagic(reader);
  if (reader.peek() !== section.full || deviceFile.at(-1) !== section.end) throw unknown('no devices in the state');
  // QEMU looks for a description behind the end, and warns when there is none.
  const description = Buffer.from([more.description, 0, 0, 0, 2, 0x7b, 0x7d]);
  return Buffer.concat([base.head, base.ram, deviceFile.subarray(headerBytes), description]);
}

function readMagic(reader: Reader): void {
  if (reader.u32() !== magic) throw unknown('it does not begin as a state of QEMU does');
  if (reader.u32() !== 3) throw unknown('it is of another version');
}

function readHeader(reader: Reader): void {
  readMagic(reader);
  if (reader.peek() !== more.configuration) return;
  reader.skip(1);
  reader.skip(reader.u32()); // the machine type
  while (reader.peek() === section.subsection) {
    reader.skip(1);
    const name = reader.text();
    reader.skip(4);
    if (name === 'configuration/capabilities') for (let left = reader.u32(); left > 0; left--) reader.text();
    else if (name === 'configuration/target-page-bits') reader.skip(4);
    else if (name === 'configuration/uuid') reader.skip(16);
    else throw unknown(`a subsection ${name}`);
  }
}

function readRamPart(reader: Reader, blocks: Set<string>): void {
  const type = reader.u8();
  if (type === more.command) {
    reader.skip(2);
    reader.skip(reader.u16());
    return;
  }
  if (type !== section.start && type !== section.part && type !== section.last)
    throw unknown(`a section of type ${type}`);
  reader.skip(4);
  if (type === section.start) {
    const name = reader.text();
    if (name !== 'ram') throw unknown(`a section ${name}`);
    reader.skip(8); // instance and version
  }
  readPages(reader, blocks);
  if (reader.peek() === more.footer) reader.skip(5);
}

function readPages(reader: Reader, blocks: Set<string>): void {
  for (;;) {
    const address = reader.u64();
    const flags = Number(address & 0xfffn);
    if (flags === page.end) return;
    if (flags === page.sizes) {
      skipSizes(reader, address - BigInt(flags));
      continue;
    }
    if ((flags & ~page.sameBlock) !== page.zero && (flags & ~page.sameBlock) !== page.content)
      throw unknown(`pages of kind ${flags}`);
    if ((flags & page.sameBlock) === 0) blocks.add(reader.text());
    reader.skip((flags & page.zero) === 0 ? pageBytes : 1);
  }
}

/** The list of all blocks; with `x-ignore-shared` each has its guest address behind its size. */
function skipSizes(reader: Reader, total: bigint): void {
  let left = total;
  while (left > 0n) {
    reader.text();
    left -= reader.u64();
    reader.skip(8);
  }
  if (left < 0n) throw unknown('sizes of RAM blocks that do not add up');
}

class Reader {
  readonly #bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): number {
    const at = this.position;
    if (at + count > this.#bytes.length) throw unknown('it ends too early');
    this.position = at + count;
    return at;
  }

  peek = (): number | undefined => this.#bytes[this.position];
  u8 = (): number => this.#bytes.readUInt8(this.skip(1));
  u16 = (): number => this.#bytes.readUInt16BE(this.skip(2));
  u32 = (): number => this.#bytes.readUInt32BE(this.skip(4));
  u64 = (): bigint => this.#bytes.readBigUInt64BE(this.skip(8));

  text(): string {
    const length = this.u8();
    const at = this.skip(length);
    return this.#bytes.toString('latin1', at, at + length);
  }
}

function unknown(found: string): GoqemuError {
  return new GoqemuError({
    code: 'state-stream-unknown',
    source: 'environment',
    message: `the saved state of a machine has a form that goqemu does not know: ${found}`,
    hint: 'the checkpoint can be restored all the same, in another way',
  });
}
