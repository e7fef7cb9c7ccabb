import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireFileLock, canonicalJson, type Logger, lengthPrefixedDigest, shellQuote } from '@goqemu/core';
import {
  bootstrapDebian,
  checkBuildTools,
  makeBootDisk,
  openWorkFolder,
  readAptMirror,
  writeOverlay,
} from '@goqemu/image';
import { guestFiles } from './guest-scripts.ts';

/** Where the tiny guest’s image is kept, and when to give up making it. */
export interface TinyGuestOptions {
  /** Where the image is kept from one run of the tests to the next. */
  readonly cacheFolder: string;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
}

/** The tiny guest’s image. */
export interface TinyGuest {
  /** A read-only qcow2 image that boots from its own disk through a BIOS. */
  readonly path: string;
  /** Hex; changes with what the guest is made of. */
  readonly key: string;
}

const suite = 'bookworm';
const packages = [
  ...['linux-image-cloud-amd64', 'kmod', 'busybox-static', 'base-files', 'bash', 'coreutils', 'libc-bin', 'jq'],
  ...['dropbear-bin', 'openssh-sftp-server', 'qemu-guest-agent', 'sudo', 'libpam-modules'],
];
const diskBytes = 2 * 2 ** 30;
const lockWaitMs = 5 * 60_000;

/**
 * A Linux guest that takes SSH a few seconds after its start without hardware acceleration, for tests: Debian's cloud kernel,
 * busybox, dropbear and the QEMU guest agent. It takes goqemu's cloud-init seeds as far as tiny-guest.md says.
 * Built once from the Debian mirror of the host's apt, with the tools of `buildTools`, in about 15 s.
 */
export async function ensureTinyGuest(options: TinyGuestOptions): Promise<TinyGuest> {
  const key = lengthPrefixedDigest(['tiny guest', canonicalJson({ suite, packages, guestFiles, diskBytes })]);
  const path = join(options.cacheFolder, `tiny-guest-${key.slice(0, 12)}.qcow2`);
  if (await exists(path)) return { path, key };
  await using _lock = await acquireFileLock(join(options.cacheFolder, '.tiny-guest.lock'), {
    command: 'build the tiny guest',
    waitMs: lockWaitMs,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (!(await exists(path))) await build(path, options);
  return { path, key };
}

async function build(path: string, options: TinyGuestOptions): Promise<void> {
  const { cacheFolder, signal, logger } = options;
  await checkBuildTools(process.getuid?.());
  await using work = await openWorkFolder(cacheFolder, 'tiny-guest', logger);
  const workFolder = work.path;
  const files = join(workFolder, 'files');
  await writeOverlay(files, guestFiles);
  const tar = join(workFolder, 'root.tar');
  const mirror = await readAptMirror({ suite }, { signal, logger });
  const hooks = [
    ['extract', `sync-in ${shellQuote(files)} /`],
    ['extract', 'chroot "$1" /bin/busybox sh /boot/setup'],
  ] as const;
  await bootstrapDebian({ suite, variant: 'extract', packages, mirror, hooks, tar, workFolder, signal, logger });
  const diskFolder = join(workFolder, 'disk');
  await mkdir(diskFolder);
  const output = join(workFolder, 'tiny.qcow2');
  const disk = { rootTar: tar, rootUuid: randomUUID(), sizeBytes: diskBytes, workFolder: diskFolder, output };
  await makeBootDisk(disk, { signal, logger });
  await chmod(output, 0o444);
  await rename(output, path);
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
