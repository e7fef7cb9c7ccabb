import { open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { internalError } from '@goqemu/core';
import { runTool, type ToolRun } from './run-tool.ts';

export interface BootDiskOptions {
  /** The root file system; owners, device nodes and extended attributes are kept, without root under fakeroot. */
  readonly rootTar: string;
  /** UUID of the root file system; `/boot/grub/grub.cfg` in it is what GRUB runs. */
  readonly rootUuid: string;
  readonly sizeBytes: number;
  /** An empty folder of the caller's, for what comes up on the way. */
  readonly workFolder: string;
  /** Where the finished qcow2 file goes. */
  readonly output: string;
}

const sectorSize = 512;
const bootPartition = { sector: 2048, sectors: 2048, type: '21686148-6449-6E6F-744E-656564454649' };
const rootSector = bootPartition.sector + bootPartition.sectors;
const grubFolder = '/usr/lib/grub/i386-pc';
/** Enough to find the root file system on any disk that the BIOS sees, and to read its grub.cfg. */
const grubModules = [
  'biosdisk',
  'part_gpt',
  'ext2',
  'search',
  'search_fs_uuid',
  'normal',
  'linux',
  'serial',
  'terminal',
  'echo',
  'test',
  'ls',
];

/**
 * Makes a disk that boots by itself through a BIOS, with neither loop device nor mount: GPT with a BIOS boot
 * partition (14) and an ext4 root (1, the last on the disk, so that it can grow), and GRUB.
 *
 * The layout follows GRUB's manual, “BIOS installation”: `boot.img` in the boot sector holds the sector of
 * `core.img`, whose first sector holds where the rest of it lies.
 */
export async function makeBootDisk(options: BootDiskOptions, run: ToolRun): Promise<void> {
  const raw = join(options.workFolder, 'disk.raw');
  await writeFile(raw, '');
  await truncate(raw, options.sizeBytes);
  await partition(raw, options.sizeBytes, run);
  await makeRootFileSystem(raw, options, run);
  await installGrub(raw, options, run);
  await runTool('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, options.output], run);
}

async function partition(raw: string, sizeBytes: number, run: ToolRun): Promise<void> {
  const script = [
    'label: gpt',
    `${raw}1 : start=${rootSector}, size=${rootSectors(sizeBytes)}, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4`,
    `${raw}14 : start=${bootPartition.sector}, size=${bootPartition.sectors}, type=${bootPartition.type}`,
  ].join('\n');
  await runTool('sfdisk', ['--quiet', raw], { ...run, input: `${script}\n` });
}

/** GPT keeps a copy of its table in the last 33 sectors; whole MiB keep the file system aligned. */
const rootSectors = (sizeBytes: number) => Math.floor((sizeBytes / sectorSize - rootSector - 33) / 2048) * 2048;

async function makeRootFileSystem(raw: string, options: BootDiskOptions, run: ToolRun): Promise<void> {
  const kibibytes = rootSectors(options.sizeBytes) / 2;
  const folder = join(options.workFolder, 'root');
  const format = [
    ...['-q', '-F', '-t', 'ext4', '-b', '4096', '-m', '1', '-U', options.rootUuid, '-L', 'root'],
    ...['-E', `offset=${rootSector * sectorSize},lazy_itable_init=1,root_owner=0:0`],
    ...['-d', folder, raw, `${kibibytes}k`],
  ];
  // fakeroot remembers owners and device nodes for as long as the one command runs: unpack and format in one.
  const script = 'mkdir "$1" && tar --numeric-owner --xattrs -xpf "$2" -C "$1" && shift 2 && exec mke2fs "$@"';
  const command = ['sh', '-c', script, 'sh', folder, options.rootTar, ...format];
  if (process.getuid?.() === 0) await runTool('sh', command.slice(1), run);
  else await runTool('fakeroot', ['--', ...command], run);
}

async function installGrub(raw: string, options: BootDiskOptions, run: ToolRun): Promise<void> {
  const config = join(options.workFolder, 'grub-embedded.cfg');
  const core = join(options.workFolder, 'core.img');
  await writeFile(
    config,
    `search --no-floppy --fs-uuid --set=root ${options.rootUuid}\nset prefix=($root)/boot/grub\nnormal ($root)/boot/grub/grub.cfg\n`,
  );
  await runTool('grub-mkimage', ['-O', 'i386-pc', '-p', '/boot/grub', '-c', config, '-o', core, ...grubModules], run);
  const { bootSector, coreImage } = placedGrub(await readFile(`${grubFolder}/boot.img`), await readFile(core));
  const disk = await open(raw, 'r+');
  try {
    // Bytes 0x1b8 to 0x1fd hold the disk's signature and the protective partition table: sfdisk's, kept.
    await disk.write(bootSector, 0, 0x1b8, 0);
    await disk.write(coreImage, 0, coreImage.length, bootPartition.sector * sectorSize);
    await disk.sync();
  } finally {
    await disk.close();
  }
}

/** Tells GRUB's two first stages where they lie; offsets from GRUB's `boot.h` and `diskboot.h` for i386-pc. */
function placedGrub(bootImage: Buffer, core: Buffer): { bootSector: Buffer; coreImage: Buffer } {
  const sectors = Math.ceil(core.length / sectorSize);
  if (bootImage.length !== sectorSize || sectors < 2 || sectors > bootPartition.sectors)
    throw internalError(`GRUB's images have unexpected sizes: ${bootImage.length} and ${core.length} bytes`);
  const kernelSector = 0x5c;
  const blockList = 0x1f4;
  const loadSegment = 0x820;
  const bootSector = Buffer.from(bootImage);
  bootSector.writeBigUInt64LE(BigInt(bootPartition.sector), kernelSector);
  const coreImage = Buffer.alloc(sectors * sectorSize);
  core.copy(coreImage);
  coreImage.writeBigUInt64LE(BigInt(bootPartition.sector + 1), blockList);
  coreImage.writeUInt16LE(sectors - 1, blockList + 8);
  coreImage.writeUInt16LE(loadSegment, blockList + 10);
  return { bootSector, coreImage };
}
