import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { laneFolder, places } from './lane-folder.ts';

/**
 * Mounts in the chroot the lane, by the same path as outside, and the host's devices. They end with the namespace of the
 * lane; see run-lane.mjs.
 */
export async function mountChroot(): Promise<boolean> {
  if (!(await mount(laneFolder, inside(laneFolder), '--bind'))) return false;
  for (const folder of ['/proc', '/dev', '/sys']) if (!(await mount(folder, inside(folder), '--rbind'))) return false;
  return true;
}

/** Shows programs of Wine this checkout, which they cannot change. */
export async function mountCheckout(root: string): Promise<boolean> {
  return await mount(root, inside(places.checkout), '--options=bind,ro');
}

function inside(folder: string): string {
  return `${places.chroot}${folder}`;
}

async function mount(folder: string, place: string, how: string): Promise<boolean> {
  mkdirSync(place, { recursive: true });
  return (await ended(spawn('mount', [how, folder, place], { stdio: 'inherit' }))) === 0;
}

interface ChrootOptions {
  /** All that the program has besides a path and a home. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdout?: 'inherit' | 'ignore' | number;
  readonly stderr?: 'inherit' | 'ignore' | number;
  /** As seen inside. */
  readonly cwd?: string;
}

/** A program of Wine's writes to files: it waits for ever at pipes of which wineserver has the other end. */
function inChroot(command: readonly string[], options: ChrootOptions = {}): ChildProcess {
  const { environment = {}, stdout = 'inherit', stderr = 'inherit', cwd = '/' } = options;
  return spawn('unshare', [`--root=${places.chroot}`, `--wd=${cwd}`, ...command], {
    stdio: ['ignore', stdout, stderr],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: `${laneFolder}/home`, LANG: 'C.UTF-8', ...environment },
  });
}

/** As the packages have them, without the scripts around them, which need a shell. */
const programs = { wine: '/usr/lib/wine/wine64', server: '/usr/lib/wine/wineserver64' };

const wineEnvironment = {
  WINEPREFIX: places.prefix,
  WINEARCH: 'win64',
  WINESERVER: programs.server,
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml,explorer.exe,winemenubuilder.exe=;powershell.exe=n',
  NODE_SKIP_PLATFORM_CHECK: '1',
};

interface WineOptions extends Pick<ChrootOptions, 'environment' | 'cwd'> {
  /** Folder and name of the files for what it prints: NAME.stdout and NAME.stderr. */
  readonly output: string;
  readonly name: string;
}

/** Runs a Windows program to its end, with its output in files of a folder. @returns the exit code */
export async function wine(command: readonly string[], options: WineOptions): Promise<number | string | null> {
  const { environment = {}, output, name, cwd = '/' } = options;
  mkdirSync(output, { recursive: true });
  const stdout = openSync(`${output}/${name}.stdout`, 'w');
  const stderr = openSync(`${output}/${name}.stderr`, 'w');
  try {
    return await ended(
      inChroot([programs.wine, ...command], {
        environment: { ...wineEnvironment, ...environment },
        stdout,
        stderr,
        cwd,
      }),
    );
  } finally {
    for (const file of [stdout, stderr]) closeSync(file);
  }
}

/** Wine's server, which runs until its programs have ended (`-w`), for some seconds more (`-p`), or ends them (`-k`). */
export async function wineServer(option: string): Promise<void> {
  await ended(
    inChroot([programs.server, option], { environment: wineEnvironment, stdout: 'ignore', stderr: 'ignore' }),
  );
}

/** The exit code, or the signal. */
function ended(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
}
