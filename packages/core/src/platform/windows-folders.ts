import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join, win32 } from 'node:path';
import { systemErrorCode } from '../errors/internal-error.ts';
import { accessList } from '../files/access-list.ts';
import { makeFolders } from '../files/make-folders.ts';
import type { FolderWays } from './ascii-folders.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs a program to its end and returns what it printed; injected in tests. */
export type StartAndWait = (program: string, args: readonly string[], env: Environment) => string;

/** Folders are handed over in variables: no character of theirs is read as part of a command. */
const variable = (index: number) => `GOQEMU_FOLDER_${index}`;

/** Asks this host, and waits: where goqemu's folders are is known before anything else is done. */
export function windowsFolderWays(env: Environment, start: StartAndWait = startAndWait): FolderWays {
  return {
    exists: (path) => statSync(path, { throwIfNoEntry: false }) !== undefined,
    shortNames(folders) {
      const names = Object.fromEntries(folders.map((folder, index) => [variable(index), folder]));
      const set = folders.map((_, index) => `"%${variable(index)}%"`).join(' ');
      const words = ['/d', '/v:off', '/c', `for %I in (${set}) do @echo %~sI`];
      const printed = printedBy(() => start(env.ComSpec ?? 'cmd.exe', words, { ...env, ...names }));
      const lines = printed?.trim().split(/\r?\n/) ?? [];
      // What the code page lacks is printed as a letter like it, which may be another user's name.
      return folders.map((folder, index) => (isSame(folder, lines[index]) ? (lines[index] ?? folder) : folder));
    },
    claim(folder, below) {
      const isOurs = isMade(folder) ? isShut(folder, env, start) : isOwn(folder, env, start);
      if (isOurs) for (const name of below) makeFolders(join(folder, name));
      return isOurs;
    },
  };
}

function startAndWait(program: string, args: readonly string[], env: Environment): string {
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  return execFileSync(program, args, { env: { ...env }, encoding: 'utf8', windowsHide: true, stdio: 'pipe' });
}

/** Undefined where the program is not there, may not be run, or fails: then nothing is known, and the next way is taken. */
function printedBy(start: () => string): string | undefined {
  try {
    return start();
  } catch {
    return undefined;
  }
}

function isSame(folder: string, name: string | undefined): boolean {
  if (!name) return false;
  const [one, other] = [folder, name].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}

/** False where it is there already. */
function isMade(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function isShut(folder: string, env: Environment, start: StartAndWait): boolean {
  if (printedBy(() => start('icacls', [folder, ...accessList(env)], env)) !== undefined) return true;
  rmdirSync(folder); // it would be open to other users
  return false;
}

/** By number: names are translated. What an administrator makes may belong to all of them. */
const ownerQuery =
  `$owner = (Get-Acl -LiteralPath $env:${variable(0)}).GetOwner([Security.Principal.SecurityIdentifier]).Value; ` +
  "@([Security.Principal.WindowsIdentity]::GetCurrent().User.Value, 'S-1-5-32-544') -contains $owner";

function isOwn(folder: string, env: Environment, start: StartAndWait): boolean {
  const system = env.SystemRoot ?? 'C:\\Windows';
  const shell = win32.join(system, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  const words = ['-NoProfile', '-NonInteractive', '-Command', ownerQuery];
  return printedBy(() => start(shell, words, { ...env, [variable(0)]: folder }))?.trim() === 'True';
}
