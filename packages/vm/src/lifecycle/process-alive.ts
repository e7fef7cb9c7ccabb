import { isAlive } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';

/**
 * Whether a machine's process runs, for those who look again and again: while its monitor is connected it does, and the
 * host is not asked, which starts a program on Windows and macOS.
 */
export async function isProcessAlive({ qmp, record }: Pick<Machine, 'qmp' | 'record'>): Promise<boolean> {
  return !qmp.ended || (await isAlive(record));
}
