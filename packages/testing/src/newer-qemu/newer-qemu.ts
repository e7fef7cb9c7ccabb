import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unpackPackages } from '../debian-packages/unpack-packages.ts';

const run = promisify(execFile);

/** A newer QEMU than the host’s own, or why there is none. */
export type NewerQemu =
  | {
      readonly found: true;
      readonly version: string;
      readonly root: string;
      readonly program: string;
      readonly firmware: string;
    }
  | { readonly found: false; readonly reason: string };

const packages = ['qemu-system-x86', 'qemu-system-common', 'qemu-system-data', 'qemu-utils', 'qemu-guest-agent'];

/**
 * A second, newer QEMU beside the installed one: Debian's backports, unpacked with `dpkg -x` into the workspace's
 * `.cache`, never installed. Unpacked once; `GOQEMU_NEWER_QEMU` names a folder to be used instead. Where there is
 * none, the reason says why.
 */
export async function findNewerQemu(env: NodeJS.ProcessEnv = process.env): Promise<NewerQemu> {
  try {
    const root =
      env.GOQEMU_NEWER_QEMU ??
      (await unpackPackages({ name: 'newer-qemu', suite: (release) => `${release}-backports`, packages }));
    const program = join(root, 'usr/bin/qemu-system-x86_64');
    const { stdout } = await run(program, ['--version']);
    const version = /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
    if (!version) return { found: false, reason: `${program} tells no version: ${stdout}` };
    return { found: true, version, root, program, firmware: join(root, 'usr/share/qemu') };
  } catch (error) {
    const { message, stderr } = error as { message: string; stderr?: string };
    return { found: false, reason: `no newer QEMU can be unpacked here: ${stderr?.trim() || message}` };
  }
}
