import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { formatByteSize, GoqemuError } from '@goqemu/core';

/** What QEMU itself takes beside the guest's memory, translated code among it: seen to be about 100 MiB. */
const overhead = 100 * 2 ** 20;

/**
 * Bytes of memory that a new process can have: what is free or can be freed, and swap (proc(5), /proc/meminfo:
 * MemAvailable, SwapFree). On other systems what is free.
 */
export async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const available = kilobytes('MemAvailable') + kilobytes('SwapFree');
  return Number.isNaN(available) ? freemem() : available * 1024;
}

/**
 * Refuses to start a machine whose memory is not there: a host that runs out of it ends some process, and not
 * necessarily this one.
 *
 * @throws GoqemuError `no-memory`
 */
export async function checkMemory(machine: string, bytes: number, available?: number): Promise<void> {
  const free = available ?? (await availableMemory());
  if (bytes + overhead <= free) return;
  throw new GoqemuError({
    code: 'no-memory',
    source: 'environment',
    subject: machine,
    message: `there is no room in memory for ${machine}: it takes up to ${formatByteSize(bytes)}, and ${formatByteSize(free)} are available`,
    hint: 'nothing was started or stopped; stop another machine, or give this one less memory',
    data: { needed: bytes, available: free },
  });
}
