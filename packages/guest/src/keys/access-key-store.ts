import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkResourceName,
  folderNames,
  GoqemuError,
  makePrivateFolder,
  readOwnText,
  removeAbandonedDrafts,
  removeTree,
  replaceFile,
  systemErrorCode,
  writeOwnFile,
} from '@goqemu/core';
import { healKeyFiles, readKeyFiles, writeKeyFiles } from './key-files.ts';
import { generateSshKeyPair, type SshKeyPair } from './key-pair.ts';

/** A lab's access keys, and the file that `ssh -i` takes. */
export interface AccessKey extends SshKeyPair {
  readonly privateKeyFile: string;
}

/**
 * One pair of access keys per lab, in `FOLDER/LAB/id_ed25519` and `id_ed25519.pub`;
 * folders are 0700 and private keys 0600, as OpenSSH insists.
 */
export class AccessKeyStore {
  readonly folder: string;

  /** @param folder `GoqemuFolders.keys` */
  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * The lab's pair, made when there is none. Two who ask at once get the same one.
   *
   * @throws GoqemuError `name-invalid`; `access-key-damaged` when what is there is no pair, in spite of its copy
   */
  async loadOrCreate(labId: string): Promise<AccessKey> {
    const existing = await this.load(labId);
    if (existing) return existing;
    return this.#put(labId, await generateSshKeyPair(`goqemu-${labId}`));
  }

  /**
   * Gives a lab the pair of another one, whose machines it has copies of. One that has a pair already keeps it.
   *
   * @throws GoqemuError `name-invalid`, `access-key-damaged`
   */
  async copy(from: string, to: string): Promise<void> {
    if (!(await this.load(to))) await this.#put(to, await this.loadOrCreate(from), from);
  }

  /** Labs whose pair is a copy, and whose it was. */
  async copies(): Promise<ReadonlyMap<string, string>> {
    const copies = new Map<string, string>();
    for (const name of await folderNames(this.folder)) {
      const origin = name.startsWith('.') ? undefined : readOwnText(join(this.folder, name, 'copy-of'));
      if (origin !== undefined) copies.set(name, origin.trim());
    }
    return copies;
  }

  async #put(labId: string, pair: SshKeyPair, copyOf?: string): Promise<AccessKey> {
    await makePrivateFolder(this.folder);
    const draft = join(this.folder, `.${labId}.${process.pid}.${randomBytes(4).toString('hex')}`);
    await mkdir(draft, { mode: 0o700 });
    try {
      await writeKeyFiles(join(draft, 'id_ed25519'), pair);
      if (copyOf !== undefined) await writeOwnFile(join(draft, 'copy-of'), `${copyOf}\n`);
      await replaceFile(draft, this.#folderOf(labId)); // all files appear at once
    } catch (error) {
      await removeTree(draft);
      // Another process was first: a folder that is not empty is never replaced by rename(2).
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error;
    }
    const made = await this.load(labId);
    if (!made) throw damaged(this.#folderOf(labId));
    return made;
  }

  /** The lab's pair, or undefined when it has none. */
  async load(labId: string): Promise<AccessKey | undefined> {
    const folder = this.#folderOf(labId);
    const privateKeyFile = join(folder, 'id_ed25519');
    const pair = readKeyFiles(privateKeyFile);
    if (!pair) return undefined;
    if (pair === 'damaged') throw damaged(folder);
    await healKeyFiles(privateKeyFile, pair);
    await chmod(privateKeyFile, 0o600); // a copy or a restored backup may have widened it
    return { privateKeyFile, ...pair };
  }

  /** Forgets the lab's pair; machines and layers that know it can no longer be reached with it. */
  async delete(labId: string): Promise<void> {
    await removeTree(this.#folderOf(labId));
  }

  /** Removes what killed writers left: half-made pairs, here and among the host keys. */
  async removeAbandoned(): Promise<void> {
    await removeAbandonedDrafts(this.folder);
    for (const name of await folderNames(this.folder))
      for (const folder of [join(this.folder, name), join(this.folder, name, 'hosts')])
        await removeAbandonedDrafts(folder);
  }

  #folderOf(labId: string): string {
    return join(this.folder, checkResourceName(labId, 'lab'));
  }
}

function damaged(folder: string): GoqemuError {
  return new GoqemuError({
    code: 'access-key-damaged',
    source: 'environment',
    subject: folder,
    message: `the access keys in ${folder} are damaged`,
    detail: 'neither id_ed25519 nor its copy is a private key',
    hint: 'put them back from a backup; or delete the folder, then run goqemu destroy and goqemu apply',
  });
}
