import { readFile } from 'node:fs/promises';
import { systemErrorCode } from '@goqemu/core';

/** Bytes that a process holds in memory and in swap (proc(5): VmRSS, VmSwap); undefined where the host does not tell. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch((error: unknown) => {
    if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return ''; // it has ended, or this is no Linux
    throw error;
  });
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]);
  const bytes = (kilobytes('VmRSS') + kilobytes('VmSwap')) * 1024;
  return Number.isNaN(bytes) ? undefined : bytes;
}
