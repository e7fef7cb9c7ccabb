import { withDeadline } from '@goqemu/core';
import type { Monitor } from './monitor.ts';

/**
 * Writes the devices of a stopped machine to a file, without any RAM: QEMU's QAPI reference, `xen-save-devices-state`,
 * which is in every build. The disks stay with this machine (`live` false).
 */
export async function saveDevices(monitor: Monitor, file: string, signal?: AbortSignal): Promise<void> {
  await withDeadline('saving the devices', 30_000, signal, (inner) =>
    monitor.executeUntyped('xen-save-devices-state', { filename: file, live: false }, { signal: inner }),
  );
}
