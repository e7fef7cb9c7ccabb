import type { HostPlatform } from '@goqemu/core';
import { screenOn } from '../render/screen.ts';
import type { Shell } from '../shell/shell.ts';

/** A program that shows text by the screenful. */
export interface Pager {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The user's pager: `PAGER` as a command line of the shell, or less, with git's options where `LESS` has none. Undefined
 * where text is to be printed at once: `PAGER` is empty or `cat`, the terminal is dumb, or it is Windows, whose `more` shows
 * neither colours nor UTF-8.
 */
export function chosenPager({ system, env }: Pick<HostPlatform, 'system' | 'env'>): Pager | undefined {
  if (env.TERM === 'dumb' || env.PAGER === '' || env.PAGER === 'cat') return undefined;
  const options = { LESS: env.LESS ?? 'FRX' };
  if (env.PAGER === undefined) return system === 'win32' ? undefined : { command: 'less', args: ['-R'], env: options };
  return system === 'win32'
    ? { command: env.ComSpec ?? 'cmd.exe', args: ['/d', '/s', '/c', env.PAGER], env: options }
    : { command: 'sh', args: ['-c', env.PAGER], env: options };
}

/** Shows a text on standard output: by the pager on a terminal, else, and where the pager does not start, as it is. */
export async function pageText(shell: Shell, text: string): Promise<void> {
  const pager = shell.stdout.isTTY ? chosenPager(shell.platform) : undefined;
  if (!pager || !(await ranPager(shell, pager, text))) screenOn(shell.stdout).write(text);
}

/** What sh(1) and env(1) end with for a command that is not there, or no program. */
const notStarted = [126, 127];

/** False where the pager is missing. One that ends before it has read everything has shown what was wanted. */
async function ranPager(shell: Shell, { command, args, env }: Pager, text: string): Promise<boolean> {
  const { spawn } = await import('node:child_process');
  // The second Ctrl-C ends it: the first is its own, less gives up a search then.
  const child = spawn(command, args, {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...shell.platform.env, ...env },
    signal: shell.kill,
  });
  child.stdin.on('error', () => undefined); // it has quit
  screenOn(child.stdin).write(text);
  child.stdin.end();
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.name === 'AbortError'));
    child.once('close', (code) => resolve(!notStarted.includes(code ?? 0)));
  });
}
