import { randomBytes } from 'node:crypto';
import { link, open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, GoqemuError, removeAbandonedDrafts } from '@goqemu/core';
import type { StateForm } from '@goqemu/machine';
import type { LayerFile, LayerManifest } from '../layers/layer-manifest.ts';
import { cutting } from '../layers/remove-leftovers.ts';
import { workMark } from '../layers/working-process.ts';
import { copyVariables } from '../vm/uefi-variables.ts';
import type { Vm } from '../vm/vm.ts';

/** The files that a cut makes in its layer's folder, and RAM in memory where that is asked for. */
export class CutFiles {
  readonly folder: string;
  readonly ramFolder: string;
  /** Names in the folders; another cut of the same key has others. */
  readonly names: Readonly<Record<'disk' | 'variables' | 'ram' | 'state', string>>;
  #hasVariables = false;

  readonly #mark: string;

  private constructor(folder: string, ramFolder: string, mark: string) {
    const tag = randomBytes(4).toString('hex');
    this.folder = folder;
    this.ramFolder = ramFolder;
    this.#mark = mark;
    this.names = {
      disk: `disk-${tag}.qcow2`,
      variables: `variables-${tag}.qcow2`,
      ram: `ram-${tag}`,
      state: `state-${tag}`,
    };
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

  get disk(): string {
    return join(this.folder, this.names.disk);
  }
  get variables(): string {
    return join(this.folder, this.names.variables);
  }
  get ram(): string {
    return join(this.ramFolder, this.names.ram);
  }
  get state(): string {
    return join(this.ramFolder, this.names.state);
  }

  /** Gives the machine's disk its second name, before anything else refers to it by that. */
  async takeDisk(path: string): Promise<void> {
    await link(path, this.disk);
  }

  /** Copies the UEFI variables of a machine that stands still. */
  async takeVariables(path: string): Promise<void> {
    this.#hasVariables = await copyVariables(path, this.variables);
  }

  /** RAM of pages is two files, else it is one. */
  async makeDurable(form?: StateForm): Promise<void> {
    const ram = form === 'devices' ? [this.ram, this.state] : form ? [this.ram] : [];
    for (const path of [...ram, ...(this.#hasVariables ? [this.variables] : [])]) {
      const file = await open(path, 'r+');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }

  /** What the manifest says of a file that must not be written to any more. */
  async #sealed(name: 'variables' | 'ram' | 'state'): Promise<LayerFile> {
    const { size, mtimeMs } = await stat(this[name]);
    const store = name === 'variables' || this.ramFolder === this.folder ? {} : { store: 'memory' as const };
    return { name: this.names[name], size, modified: mtimeMs, ...store };
  }

  /** The manifest's words for what was saved beside the disk, RAM in this form. */
  async sealed(form?: StateForm): Promise<Pick<LayerManifest, 'variables' | 'ram' | 'state'>> {
    const variables = this.#hasVariables ? { variables: await this.#sealed('variables') } : {};
    if (!form) return variables;
    const ram = await this.#sealed('ram');
    if (form !== 'devices') return { ...variables, ram: { ...ram, form } };
    return { ...variables, ram, state: await this.#sealed('state') };
  }

  /** Everything but the disk, which may be the machine's own. */
  async removeCopies(): Promise<void> {
    for (const path of [this.variables, this.ram, this.state, `${this.state}.devices`]) await rm(path, { force: true });
  }

  async removeDisk(): Promise<void> {
    await rm(this.disk, { force: true });
  }

  async release(): Promise<void> {
    await rm(join(this.folder, this.#mark), { force: true });
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
