import { dirname } from 'node:path';
import { freeBytes, withDeadline } from '@goqemu/core';
import { isQmpCommandError } from '@goqemu/protocol';
import type { Monitor } from './monitor.ts';
import { noRoom } from './no-room.ts';

/** Bytes that the devices of a machine may take, generously: about 1 MB was measured. */
const mostBytes = 16 * 2 ** 20;

/**
 * Writes the devices of a stopped machine to a file, without any RAM: QEMU's QAPI reference, `xen-save-devices-state`,
 * which is in every build. The disks stay with this machine (`live` false).
 *
 * @throws GoqemuError `no-room`, which QEMU calls an I/O error; `timeout`
 */
export async function saveDevices(monitor: Monitor, file: string, signal?: AbortSignal): Promise<void> {
  try {
    await withDeadline('saving the devices', 30_000, signal, (inner) =>
      monitor.executeUntyped('xen-save-devices-state', { filename: file, live: false }, { signal: inner }),
    );
  } catch (error) {
    if (isQmpCommandError(error) && (await freeBytes(dirname(file))) < mostBytes) throw noRoom(file, error);
    throw error;
  }
}
