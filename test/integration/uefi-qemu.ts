import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { tinyImage } from '../e2e/tiny-image.ts';
import { runCommand } from '../run-command.ts';

/** Where the root file system of the tiny guest begins. */
const rootOffset = 4096 * 512;

/**
 * The path of a program in this folder that runs QEMU with the tiny guest's kernel, which its image's BIOS boot loader
 * does not offer to a UEFI.
 *
 * @param program the QEMU that it runs
 */
export async function uefiQemu(folder: string, program = 'qemu-system-x86_64'): Promise<string> {
  const files = join(folder, 'uefi');
  await mkdir(files);
  const raw = join(files, 'disk.raw');
  await tool('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', await tinyImage(), raw]);
  const taken = async (name: string) => {
    const path = join(files, basename(name));
    await tool('debugfs', ['-R', `dump ${name} ${path}`, `${raw}?offset=${rootOffset}`]);
    return path;
  };
  const kernel = await taken('/boot/vmlinuz');
  const initrd = await taken('/boot/initrd.img');
  await rm(raw);
  const path = join(files, 'qemu-system-x86_64');
  const more = `-kernel '${kernel}' -initrd '${initrd}' -append 'console=ttyS0,115200n8 mitigations=off'`;
  const script = `#!/bin/sh\ncase "$*" in *pflash0=*) exec '${program}' "$@" ${more};; esac\nexec '${program}' "$@"\n`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}

async function tool(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(program, args);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
}
