import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { systemErrorCode } from '@goqemu/core';
import type { VmState } from './vm-state.ts';

/** The file with a machine's UEFI variables, in its folder: one that was never restored has them under a fixed name. */
export function variablesName({ variables }: Pick<VmState, 'variables'>): string {
  return variables ?? 'uefi-variables.qcow2';
}

/** A name for variables that come with a new disk: nothing in the folder has it yet. */
export function variablesBeside(disk: string): string {
  return disk.replace(/^disk-/, 'variables-');
}

/**
 * Copies variables whose machine stands still: some 0.5 MB, in which nothing is shared with what is written later. QEMU
 * flushes its disks whenever a guest stops, these among them.
 *
 * @returns false when there are none: the machine has never been started
 */
export async function copyVariables(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
