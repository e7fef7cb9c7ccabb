import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export type NewerQemu =
  | { readonly found: true; readonly program: string; readonly firmware: string; readonly version: string }
  | { readonly found: false; readonly reason: string };

/**
 * A second, newer QEMU beside the installed one: the packages of bookworm-backports, unpacked with `dpkg -x` into
 * the folder that GOQEMU_NEWER_QEMU names (`scripts` of the setup do that where the packages are to be had).
 */
export function findNewerQemu(root: string | undefined = process.env.GOQEMU_NEWER_QEMU): NewerQemu {
  if (!root)
    return { found: false, reason: 'GOQEMU_NEWER_QEMU names no folder with unpacked packages of a newer QEMU' };
  const program = join(root, 'usr/bin/qemu-system-x86_64');
  if (!existsSync(program)) return { found: false, reason: `${program} is not there` };
  try {
    const words = execFileSync(program, ['--version'], { encoding: 'utf8' });
    const version = /version (\d+\.\d+\.\d+)/.exec(words)?.[1] ?? 'of unknown version';
    return { found: true, program, firmware: join(root, 'usr/share/qemu'), version };
  } catch (error) {
    return { found: false, reason: `${program} does not start here: ${(error as Error).message}` };
  }
}
