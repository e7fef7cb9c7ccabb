import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { GoqemuError } from '@goqemu/core';
import { toolPath } from './run-tool.ts';

/** One thing that a build needs from the host, and the Debian package that brings it. */
export interface BuildTool {
  /** A command on the search path, or the absolute path of a file. */
  readonly file: string;
  readonly package: string;
  /** Needed only by users other than root. */
  readonly rootless?: boolean;
}

/** What building an image here needs, on Debian and Ubuntu. */
export const buildTools: readonly BuildTool[] = [
  { file: 'mmdebstrap', package: 'mmdebstrap' },
  { file: 'unshare', package: 'util-linux' },
  { file: 'gpgv', package: 'gpgv' },
  { file: '/usr/share/keyrings/debian-archive-keyring.gpg', package: 'debian-archive-keyring' },
  { file: 'tar', package: 'tar' },
  { file: 'mke2fs', package: 'e2fsprogs' },
  { file: 'sfdisk', package: 'fdisk' },
  { file: 'grub-mkimage', package: 'grub-common' },
  { file: '/usr/lib/grub/i386-pc/boot.img', package: 'grub-pc-bin' },
  { file: 'qemu-img', package: 'qemu-utils' },
  { file: 'fakeroot', package: 'fakeroot', rootless: true },
  { file: 'newuidmap', package: 'uidmap', rootless: true },
];

/** The Debian packages of {@link buildTools}, for a setup script. */
export function buildPackages(uid: number | undefined): string[] {
  return buildTools.filter((tool) => uid !== 0 || !tool.rootless).map((tool) => tool.package);
}

/**
 * Checks that everything a build needs is on this host.
 *
 * @throws GoqemuError `build-tool-missing` with every missing tool and the command that installs them
 */
export async function checkBuildTools(
  uid: number | undefined,
  tools: readonly BuildTool[] = buildTools,
  path: string | undefined = process.env.PATH,
): Promise<void> {
  const folders = toolPath(path).split(':');
  const missing: BuildTool[] = [];
  for (const tool of tools) {
    if (uid === 0 && tool.rootless) continue;
    const candidates = tool.file.startsWith('/') ? [tool.file] : folders.map((folder) => join(folder, tool.file));
    if (!(await anyExists(candidates, tool.file.startsWith('/') ? constants.R_OK : constants.X_OK))) missing.push(tool);
  }
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((tool) => tool.package))];
  throw new GoqemuError({
    code: 'build-tool-missing',
    source: 'environment',
    message: `building an image needs ${missing.map((tool) => `${tool.file} (package ${tool.package})`).join(', ')}`,
    hint: `run: ${uid === 0 ? '' : 'sudo '}apt-get install --no-install-recommends ${packages.join(' ')}`,
    data: { packages },
  });
}

async function anyExists(paths: readonly string[], mode: number): Promise<boolean> {
  for (const path of paths) {
    const found = await access(path, mode).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
