import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { installedFile } from '../scripts/run/installed-package.mjs';

/** The package as a stranger has it; `npm test` packs and installs it (scripts/run/installed-package.mjs). */
export interface InstalledPackage {
  /** A folder outside of the checkout that holds all of this; tests put their labs there. */
  readonly base: string;
  /** The package itself, in its prefix's `node_modules`. */
  readonly folder: string;
  /** The command as npm links it. */
  readonly bin: string;
  /** The program behind it, for `node`. */
  readonly command: string;
  /** A home folder that was empty at first. */
  readonly home: string;
}

if (!existsSync(installedFile))
  throw new Error('no package is installed to test: run "npm test -- FILE", which does it');

export const installedPackage = JSON.parse(readFileSync(installedFile, 'utf8')) as InstalledPackage;

/** Where labs and projects of tests are made: nothing of the checkout is in reach from there. */
export function labsFolder(): string {
  const folder = join(installedPackage.base, 'labs');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A new folder as of a project that has goqemu among its dependencies. */
export function projectFolder(): string {
  const parent = join(installedPackage.base, 'projects');
  const linked = join(parent, 'node_modules', 'goqemu');
  mkdirSync(join(parent, 'node_modules'), { recursive: true });
  if (!existsSync(linked)) symlinkSync(installedPackage.folder, linked, 'junction');
  return mkdtempSync(join(parent, 'project-'));
}

/** What has Node.js run a program in TypeScript, wherever that lies. */
export const runTypeScript: readonly string[] = ['--import', import.meta.resolve('tsx')];
