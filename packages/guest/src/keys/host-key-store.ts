import { join } from 'node:path';
import { checkResourceName, makePrivateFolder } from '@goqemu/core';
import { readKeyFiles, writeKeyFiles } from './key-files.ts';
import type { SshKeyPair } from './key-pair.ts';

/**
 * Host keys of machines that are gone while a layer of theirs is not, in `FOLDER/LAB/hosts/MACHINE`: a machine that is
 * made again from it is the one that it was, and its guest needs no new key. They go with the lab's access keys.
 */
export class HostKeyStore {
  readonly folder: string;

  /** @param folder `GoqemuFolders.keys` */
  constructor(folder: string) {
    this.folder = folder;
  }

  async keep(lab: string, machine: string, pair: SshKeyPair): Promise<void> {
    const path = this.#path(lab, machine);
    await makePrivateFolder(join(path, '..'));
    await writeKeyFiles(path, pair);
  }

  async find(lab: string, machine: string): Promise<SshKeyPair | undefined> {
    const pair = readKeyFiles(this.#path(lab, machine));
    return pair === 'damaged' ? undefined : pair; // its guest is given a new one
  }

  #path(lab: string, machine: string): string {
    return join(this.folder, checkResourceName(lab, 'lab'), 'hosts', checkResourceName(machine, 'machine'));
  }
}
