import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFile } from '@goqemu/core';
import type { StateForm } from '@goqemu/machine';
import type { LayerFile, LayerManifest } from '../layers/layer-manifest.ts';

/** Names of the files of a machine that was saved. */
export type SavedNames = Readonly<Record<'disk' | 'variables' | 'ram' | 'state', string>>;

/** The files that a machine's state is saved in: RAM and devices, beside its disk. */
export class SavedFiles {
  readonly folder: string;
  readonly ramFolder: string;
  readonly names: SavedNames;
  #hasVariables: boolean;

  /** @param hasVariables the file of UEFI variables is there */
  constructor(folder: string, ramFolder: string, names: SavedNames, hasVariables = false) {
    this.folder = folder;
    this.ramFolder = ramFolder;
    this.names = names;
    this.#hasVariables = hasVariables;
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

  protected tookVariables(hasVariables: boolean): void {
    this.#hasVariables = hasVariables;
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

  async removeRam(): Promise<void> {
    for (const path of [this.ram, this.state, `${this.state}.devices`]) await removeFile(path);
  }
}
