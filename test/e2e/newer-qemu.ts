import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findNewerQemu } from 'goqemu/testing';

/**
 * The path of a program in this folder that runs a newer QEMU than the installed one. Unpacked beside the installed one, it would load the other's modules and firmware: it is shown a folder with its own
 * modules, where those that only the other has are files that cannot be loaded.
 */
export async function newerQemu(folder: string): Promise<string> {
  const newer = await findNewerQemu();
  if (!newer.found) throw new Error(newer.reason);
  const { root, program } = newer;
  const path = join(folder, 'qemu-system-x86_64');
  const modules = join(folder, 'modules');
  const place = 'usr/lib/x86_64-linux-gnu/qemu';
  await mkdir(modules);
  const own = await readdir(join(root, place));
  const others = await readdir(join('/', place)).catch(() => []);
  for (const name of own) await symlink(join(root, place, name), join(modules, name));
  for (const name of others) if (!own.includes(name)) await writeFile(join(modules, name), '');
  const firmware = ['qemu', 'seabios'].map((name) => `-L '${join(root, 'usr/share', name)}'`).join(' ');
  await writeFile(path, `#!/bin/sh\nQEMU_MODULE_DIR='${modules}' exec '${program}' ${firmware} "$@"\n`, {
    mode: 0o755,
  });
  return path;
}
