import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { lastingEnvironment, makeFolders } from '@goqemu/core';
import type { ProcessExit } from './exit-cause.ts';

export interface SpawnedQemu {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** Size of the log before QEMU wrote to it. */
  readonly logOffset: number;
}

/**
 * Starts QEMU in a session of its own, so that neither Ctrl-C in this terminal nor the end of this process reaches
 * it, with its output in a log file that outlives both, and without what is secret in this process's environment.
 *
 * @param wires its file descriptors from 3 on; they are QEMU's alone afterwards
 */
export async function spawnQemu(
  path: string,
  argv: readonly string[],
  logPath: string,
  wires: readonly Socket[] = [],
): Promise<SpawnedQemu> {
  makeFolders(dirname(logPath));
  const log = await open(logPath, 'a', 0o600);
  try {
    const { size } = await log.stat();
    const child = spawn(path, argv, {
      detached: true,
      windowsHide: true,
      env: lastingEnvironment(),
      stdio: ['ignore', log.fd, log.fd, ...wires],
    });
    for (const wire of wires) wire.destroy(); // at once, before anything of what comes over them is read here
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', resolve);
    });
    child.unref();
    return { pid: child.pid ?? 0, exited, logOffset: size };
  } finally {
    await log.close();
  }
}
