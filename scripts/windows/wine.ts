import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { laneFolder, places } from './lane-folder.ts';

/**
 * Runs in the chroot, with mounts of its own that end with it: the lane by the same path as outside, /proc, /dev, /tmp.
 * A program of Wine's writes to files: it waits for ever at pipes of which wineserver has the other end.
 */
const enter = `
set -e
mkdir -p "$ROOT$LANE"
mount --bind "$LANE" "$ROOT$LANE"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
exec chroot "$ROOT" /usr/bin/env -i "--chdir=$FOLDER" "PATH=/usr/sbin:/usr/bin:/sbin:/bin" "HOME=$LANE/home" "LANG=C.UTF-8" "$@"
`;

interface ChrootOptions {
  /** All that the program has besides a path and a home. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdout?: 'inherit' | 'ignore' | number;
  readonly stderr?: 'inherit' | 'ignore' | number;
  /** As seen inside. */
  readonly cwd?: string;
}

export function inChroot(command: readonly string[], options: ChrootOptions = {}): ChildProcess {
  const { environment = {}, stdout = 'inherit', stderr = 'inherit', cwd = '/' } = options;
  const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const args = ['--mount', '--propagation=private', 'sh', '-c', enter, 'sh', ...words, ...command];
  return spawn('unshare', args, {
    stdio: ['ignore', stdout, stderr],
    env: { PATH: process.env.PATH, ROOT: places.chroot, LANE: laneFolder, FOLDER: cwd },
  });
}

export const wineEnvironment = {
  WINEPREFIX: places.prefix,
  WINEARCH: 'win64',
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml=;powershell.exe=n',
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
      inChroot(['/usr/lib/wine/wine64', ...command], {
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

/** The exit code, or the signal. */
export function ended(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
}
