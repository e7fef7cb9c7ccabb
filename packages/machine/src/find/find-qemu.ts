import { accessSync, constants, existsSync } from 'node:fs';
import { GoqemuError, type HostPlatform, hostPlatform } from '@goqemu/core';
import { type Architecture, architectureOf, architectures, runsNatively, systemBinaryName } from './architecture.ts';
import { firstExecutable, isExecutable } from './executable.ts';
import { isAtLeast, type QemuInstallation } from './installation.ts';
import { probeCached } from './probe-cache.ts';
import { qemuMissing } from './qemu-missing.ts';
import { binaryFolders, firmwareFolders, pathOf } from './usual-places.ts';

/** Which QEMU is wanted, and where it is looked for. */
export interface FindQemuOptions {
  /** As Go, Node, Debian or QEMU write it. Default: the host's own. */
  readonly arch?: string;
  /** The system emulator to use; nothing else is tried then. */
  readonly explicitPath?: string;
  readonly platform?: HostPlatform;
  /** Where probes are kept; without it each call starts QEMU once, for some 70 ms. */
  readonly cacheFolder?: string;
  readonly signal?: AbortSignal;
}

/**
 * Finds the QEMU that emulates an architecture, and what it can do.
 *
 * @throws GoqemuError `qemu-missing` with the command that installs it, `qemu-unusable`, `qemu-too-old`, `arch-unknown`
 * @example
 * const qemu = await findQemu({ arch: 'amd64' });
 */
export async function findQemu(options: FindQemuOptions = {}): Promise<QemuInstallation> {
  const platform = options.platform ?? hostPlatform();
  const arch = architectureOf(options.arch ?? platform.arch);
  const systemPath = options.explicitPath ?? (await findSystemBinary(arch, platform));
  if (!(await isExecutable(systemPath, platform))) {
    throw qemuMissing(systemPath, arch, [systemPath], platform);
  }
  const { version, features } = await probeCached(systemPath, options.cacheFolder, options.signal);
  if (!isAtLeast(version, 6, 2)) throw tooOld(systemPath, version.text);
  const path = pathOf(platform);
  const imgPath = await firstExecutable('qemu-img', [path.dirname(systemPath), ...binaryFolders(platform)], platform);
  const firmwareFolder = firstReadable(firmwareFolders(systemPath, platform));
  return {
    arch,
    systemPath,
    ...(imgPath ? { imgPath } : {}),
    ...(firmwareFolder ? { firmwareFolder } : {}),
    version,
    features,
  };
}

/** The architectures that an emulator on this host is for; none of them is started. */
export async function installedArchitectures(platform: HostPlatform): Promise<Architecture[]> {
  const folders = binaryFolders(platform);
  const paths = await Promise.all(
    architectures.map((arch) => firstExecutable(systemBinaryName(arch), folders, platform)),
  );
  return architectures.filter((_, index) => paths[index] !== undefined);
}

async function findSystemBinary(arch: Architecture, platform: HostPlatform): Promise<string> {
  const folders = binaryFolders(platform);
  const found =
    (await firstExecutable(systemBinaryName(arch), folders, platform)) ??
    // Red Hat ships the emulator of the host's own processor under this name alone.
    (runsNatively(arch, platform.arch) ? await firstExecutable('qemu-kvm', folders, platform) : undefined);
  if (!found) throw qemuMissing(systemBinaryName(arch), arch, folders, platform);
  return found;
}

function firstReadable(folders: readonly string[]): string | undefined {
  return folders.find((folder) => {
    if (!existsSync(folder)) return false;
    try {
      accessSync(folder, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function tooOld(path: string, version: string): GoqemuError {
  return new GoqemuError({
    code: 'qemu-too-old',
    source: 'environment',
    subject: path,
    message: `${path} is QEMU ${version}; goqemu needs 6.2 or newer`,
    hint: 'update QEMU, or name another executable',
  });
}
