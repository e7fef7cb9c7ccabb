import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { GoqemuError } from '@goqemu/core';

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/**
 * The absolute path of the lab that the user means: a file, or a folder with a `lab.ts` in it.
 *
 * @throws GoqemuError `lab-missing`, `lab-extension`
 */
export function findLabFile(named: string | undefined, workingFolder: string): string {
  const path = resolve(workingFolder, named ?? 'lab.ts');
  const kind = kindOf(path);
  if (kind === 'folder') {
    const inside = extensions.map((extension) => join(path, `lab${extension}`)).find((file) => kindOf(file) === 'file');
    if (inside) return inside;
    throw missing(join(path, 'lab.ts'), named);
  }
  if (kind === undefined) {
    // Without a name, lab.mts and the others do as well as lab.ts.
    const sibling =
      named === undefined
        ? extensions.map((e) => join(workingFolder, `lab${e}`)).find((file) => kindOf(file) === 'file')
        : undefined;
    if (sibling) return sibling;
    throw missing(path, named);
  }
  if (!extensions.includes(extname(path)))
    throw new GoqemuError({
      code: 'lab-extension',
      source: 'user',
      message: `${basename(path)} is not a lab: its name ends in "${extname(path)}"`,
      detail: `expected one of ${extensions.join(', ')}`,
      hint: 'name the lab.ts that the machines are described in',
      location: { file: path },
    });
  return path;
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() ? 'folder' : found ? 'file' : undefined;
}

function missing(path: string, named: string | undefined): GoqemuError {
  const folder = dirname(path);
  let neighbours: string[] = [];
  if (kindOf(folder) === 'folder')
    neighbours = readdirSync(folder).filter((name) => /(?:^|[.-])lab\.[cm]?[jt]s$/.test(name));
  return new GoqemuError({
    code: 'lab-missing',
    source: 'user',
    message: named === undefined ? `there is no lab.ts in ${folder}` : `there is no lab at ${path}`,
    hint: neighbours.length
      ? `did you mean ${neighbours.join(' or ')}?`
      : 'write one with "goqemu init", or name one with "--lab FILE"',
  });
}
