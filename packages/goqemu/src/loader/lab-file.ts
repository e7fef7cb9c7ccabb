import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { GoqemuError, type HostPlatform } from '@goqemu/core';
import { typedWord } from '../render/typed-word.ts';

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/**
 * The absolute path of the lab that the user means: a file, or a folder with a `lab.ts` in it. Without a name it is the
 * one of the working folder or of the nearest folder above it, as git finds its repository.
 *
 * @throws GoqemuError `lab-missing`, `lab-extension`, `lab-foreign`
 */
export function findLabFile(named: string | undefined, { workingFolder, platform }: LabPlace): string {
  if (named === undefined) return nearestLab(workingFolder, platform);
  const path = resolve(workingFolder, named);
  const kind = kindOf(path);
  if (kind === 'folder') {
    const inside = labIn(path);
    if (inside) return inside;
    throw missing(join(path, 'lab.ts'), named);
  }
  if (kind === undefined) throw missing(path, named);
  if (kind === 'other')
    throw new GoqemuError({
      code: 'lab-missing',
      source: 'user',
      message: `there is no lab at ${path}: it is neither a file nor a folder`,
      hint: 'name the lab.ts that the machines are described in',
    });
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

/** Whether there is a file at the path, or a folder with a lab in it. */
export function namesLab(path: string): boolean {
  const kind = kindOf(path);
  return kind === 'folder' ? labIn(path) !== undefined : kind === 'file';
}

/** Where a lab is looked for, and as whom. */
export interface LabPlace {
  readonly workingFolder: string;
  readonly platform: Pick<HostPlatform, 'uid' | 'env'>;
}

function nearestLab(workingFolder: string, platform: LabPlace['platform']): string {
  for (let folder = workingFolder; ; folder = dirname(folder)) {
    const file = labIn(folder);
    if (file !== undefined && folder !== workingFolder) refuseForeign(file, platform);
    if (file !== undefined) return file;
    if (dirname(folder) === folder) throw missing(join(workingFolder, 'lab.ts'), undefined);
  }
}

/**
 * A lab is a program, and a folder above may be open to others: a lab.ts that another user put into /tmp must not run
 * because a command was typed somewhere below. So git does with repositories (safe.directory in git-config(1)).
 */
function refuseForeign(file: string, { uid, env }: LabPlace['platform']): void {
  if (uid === undefined) return; // Windows has no such number
  const owners = [uid, 0, ...(uid === 0 && env.SUDO_UID ? [Number(env.SUDO_UID)] : [])];
  if (owners.includes(statSync(file).uid) && owners.includes(statSync(dirname(file)).uid)) return;
  throw new GoqemuError({
    code: 'lab-foreign',
    source: 'user',
    message: `the nearest lab, ${file}, belongs to another user, and a lab is a program`,
    hint: `if you trust it, name it: --lab ${typedWord(file)}`,
    location: { file },
  });
}

function labIn(folder: string): string | undefined {
  return extensions.map((extension) => join(folder, `lab${extension}`)).find((file) => kindOf(file) === 'file');
}

/** A pipe or a device is something else: reading it may take for ever. */
function kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return undefined;
  return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other';
}

function missing(path: string, named: string | undefined): GoqemuError {
  const folder = dirname(path);
  let neighbours: string[] = [];
  if (kindOf(folder) === 'folder')
    neighbours = readdirSync(folder).filter((name) => /(?:^|[.-])lab\.[cm]?[jt]s$/.test(name));
  return new GoqemuError({
    code: 'lab-missing',
    source: 'user',
    message: named === undefined ? `there is no lab.ts in ${folder} or above it` : `there is no lab at ${path}`,
    hint: neighbours.length
      ? `did you mean ${neighbours.join(' or ')}?`
      : 'write one with "goqemu init", or name one with "--lab FILE"',
  });
}
