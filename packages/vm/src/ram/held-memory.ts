import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folderNames, isAlive, systemErrorCode } from '@goqemu/core';
import { identityOf } from '@goqemu/machine';
import { VmFolder } from '../vm/vm-folder.ts';
import { readVmState } from '../vm/vm-state.ts';

/**
 * Bytes that the running machines of a lab hold already. They are not available to others, so what is free on the host does
 * not count them: together with that they are what the lab may take. 0 where the host does not tell (only Linux does);
 * a running machine then counts twice, which refuses too early and never too late.
 */
export async function heldMemory(labFolder: string): Promise<number> {
  const machines = await folderNames(labFolder);
  const sizes = await Promise.all(machines.map((name) => heldBy(new VmFolder(join(labFolder, name)))));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

async function heldBy(folder: VmFolder): Promise<number> {
  const state = await readVmState(folder.state);
  if (!state?.machine) return 0;
  const identity = identityOf(state.machine);
  if (!(await isAlive(identity))) return 0;
  const text = await readFile(`/proc/${identity.pid}/status`, 'utf8').catch(notTold);
  return bytesIn(text);
}

/** proc(5): pages of its own and of its memfd; those of a RAM file that others read too can be had back any time. */
export function bytesIn(status: string): number {
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1024;
}

/** It has just ended, or this is no Linux. */
function notTold(error: unknown): string {
  if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return '';
  throw error;
}
