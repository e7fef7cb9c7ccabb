import { randomBytes } from 'node:crypto';
import { link, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, GoqemuError, removeAbandonedDrafts, removeFile, removeUnlessHeld } from '@goqemu/core';
import { cutting } from '../layers/remove-leftovers.ts';
import { workMark } from '../layers/working-process.ts';
import { copyVariables } from '../vm/uefi-variables.ts';
import type { Vm } from '../vm/vm.ts';
import { SavedFiles } from './saved-files.ts';

/** The files that a cut makes in its layer's folder, and RAM in memory where that is asked for. */
export class CutFiles extends SavedFiles {
  readonly #mark: string;

  private constructor(folder: string, ramFolder: string, mark: string) {
    // Another cut of the same key has other names.
    const tag = randomBytes(4).toString('hex');
    super(folder, ramFolder, {
      disk: `disk-${tag}.qcow2`,
      variables: `variables-${tag}.qcow2`,
      ram: `ram-${tag}`,
      state: `state-${tag}`,
    });
    this.#mark = mark;
  }

  /**
   * Makes the folders, and marks the layer's with this process: it is not collected while this process works.
   *
   * @throws GoqemuError `no-memory-store`
   */
  static async claim(vm: Vm, key: string, store: 'disk' | 'memory' = 'disk'): Promise<CutFiles> {
    const folder = await vm.host.layers.prepare(key);
    await removeAbandonedDrafts(folder);
    const mark = await workMark(cutting);
    await writeFile(join(folder, mark), '');
    return new CutFiles(folder, store === 'memory' ? await memoryFolder(vm, key) : folder, mark);
  }

  /** Gives the machine's disk its second name, before anything else refers to it by that. */
  async takeDisk(path: string): Promise<void> {
    await link(path, this.disk);
  }

  /** Copies the UEFI variables of a machine that stands still. */
  async takeVariables(path: string): Promise<void> {
    this.tookVariables(await copyVariables(path, this.variables));
  }

  /** Everything but the disk, which may be the machine's own. */
  async removeCopies(): Promise<void> {
    await this.removeRam();
    await removeFile(this.variables);
  }

  async removeDisk(): Promise<void> {
    await removeUnlessHeld(this.disk); // the disk of a machine that may run
  }

  async release(): Promise<void> {
    await removeFile(join(this.folder, this.#mark));
  }
}

async function memoryFolder(vm: Vm, key: string): Promise<string> {
  try {
    if (vm.host.platform.system !== 'linux') throw new Error(`${vm.host.platform.system} has no /dev/shm`);
    return await vm.host.layers.prepareMemory(key);
  } catch (cause) {
    throw new GoqemuError({
      code: 'no-memory-store',
      source: 'environment',
      subject: vm.spec.name,
      message: `this host has no file system in memory for the RAM of a checkpoint of ${vm.spec.name}`,
      detail: errorMessage(cause),
      hint: "keep it on disk: store: 'disk'",
      cause,
    });
  }
}
