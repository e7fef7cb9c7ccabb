import { chmod, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolders } from '@goqemu/core';

/**
 * Writes files by their absolute path below a folder that will be laid over a root file system. Modes are set
 * outright, for they become the guest's, whatever the umask here: 0755 for folders and what begins with `#!`, else 0644.
 */
export async function writeOverlay(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  makeFolders(folder);
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    makeFolders(dirname(target));
    await writeFile(target, content);
    await chmod(target, content.startsWith('#!') ? 0o755 : 0o644);
  }
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
}
