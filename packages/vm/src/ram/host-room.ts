import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { formatByteSize, GoqemuError, readIfThere } from '@goqemu/core';
import type { HostRoom, VmHost } from '../vm/vm-host.ts';

/** What QEMU itself takes beside the guest's memory, translated code among it: seen to be about 100 MiB. */
const overhead = 100 * 2 ** 20;
/** Bytes that are left free beside what is known to be needed. */
const margin = 16 * 2 ** 20;

export const hostRoom: HostRoom = {
  async disk(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },

  /**
   * What is free or can be freed, and swap (proc(5), /proc/meminfo: MemAvailable, SwapFree); on other systems what is
   * free.
   */
  async memory() {
    const text = readIfThere('/proc/meminfo') ?? ''; // only Linux has it
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]);
    const available = kilobytes('MemAvailable') + kilobytes('SwapFree');
    return Number.isNaN(available) ? freemem() : available * 1024;
  },
};

/**
 * Refuses to start a machine whose memory is not there: a host that runs out of it ends some process, and not
 * necessarily this one.
 *
 * @throws GoqemuError `no-memory`
 */
export async function checkMemory(host: VmHost, machine: string, bytes: number): Promise<void> {
  const free = await host.room.memory();
  if (bytes + overhead <= free) return;
  throw new GoqemuError({
    code: 'no-memory',
    source: 'environment',
    subject: machine,
    message: `there is no room in memory for ${machine}: it takes up to ${formatByteSize(bytes)}, and ${formatByteSize(free)} are available`,
    hint: 'nothing was started or stopped; stop another machine, or give this one less memory',
    data: { needed: bytes, free },
  });
}

export interface DiskNeed {
  /** That is to be written: `a checkpoint of web`. */
  readonly what: string;
  readonly machine: string;
  readonly folder: string;
  readonly bytes: number;
}

/**
 * @throws GoqemuError `no-room`
 */
export async function checkDisk(host: VmHost, { what, machine, folder, bytes }: DiskNeed): Promise<void> {
  const needed = bytes + margin;
  const free = await host.room.disk(folder);
  if (free >= needed) return;
  throw new GoqemuError({
    code: 'no-room',
    source: 'environment',
    subject: machine,
    message: `there is no room for ${what}: it takes ${formatByteSize(needed)}, and ${formatByteSize(free)} are free at ${folder}`,
    hint: 'nothing was stopped; free some room, or delete checkpoints: goqemu checkpoint list',
    data: { needed, free },
  });
}
