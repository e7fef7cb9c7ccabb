import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type FileOperations, folderNames, hostFileOperations, removeUnlessHeld } from '@goqemu/core';
import { variablesName } from './uefi-variables.ts';
import type { VmState } from './vm-state.ts';

/** The paths of one machine's files. */
export class VmFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  readonly file = (name: string): string => join(this.path, name);

  get state(): string {
    return this.file('vm.json');
  }
  /** What a suspended machine resumes from. */
  get suspension(): string {
    return this.file('suspended.json');
  }
  get seed(): string {
    return this.file('seed.iso');
  }
  get serialLog(): string {
    return this.file('serial.log');
  }
  get qemuLog(): string {
    return this.file('qemu.log');
  }
  get hostKey(): string {
    return this.file('ssh_host_ed25519_key');
  }

  /** Short and the same for the same folder: socket paths have at most 107 bytes (unix(7)). */
  get digest(): string {
    return createHash('sha256').update(this.path).digest('hex').slice(0, 12);
  }

  /** A disk name that no disk here has had since the others went. */
  async nextDisk(): Promise<string> {
    const numbers = (await this.disks()).map((name) => Number(name.slice(5, -6)));
    return `disk-${Math.max(0, ...numbers) + 1}.qcow2`;
  }

  async disks(): Promise<readonly string[]> {
    const names = await folderNames(this.path);
    return names.filter((name) => /^disk-\d+\.qcow2$/.test(name));
  }

  /**
   * Removes every disk, file of UEFI variables and base state but these. A running QEMU may have one open by another name,
   * since a layer's disk was a machine's before: on Windows that name stays until this is called when none has.
   */
  async keepOnly(
    files: Pick<VmState, 'disk' | 'variables' | 'baseState'>,
    operations: FileOperations = hostFileOperations,
  ): Promise<void> {
    const kept = [files.disk, variablesName(files), files.baseState];
    for (const name of await folderNames(this.path)) {
      if (kept.includes(name)) continue;
      if (/^(disk-\d+\.qcow2|(uefi-variables|variables-\d+)\.qcow2|base-\d)$/.test(name))
        await removeUnlessHeld(this.file(name), operations);
    }
  }
}
