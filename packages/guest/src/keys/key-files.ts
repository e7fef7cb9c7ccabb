import { copyPath, readOwnText, systemErrorCode, writeCopy, writeOwnFile } from '@goqemu/core';
import type { SshKeyPair } from './key-pair.ts';
import { readEd25519PrivateFile } from './openssh-encoding.ts';

/**
 * A pair in files: `PATH` is the private key, `PATH.copy` the same again, and `PATH.pub` the public one. Nothing can make
 * a lost key again, and machines cannot be accessed without it: any one of the three may be damaged. Where they differ, two
 * that belong together are right.
 */
export async function writeKeyFiles(path: string, pair: SshKeyPair): Promise<void> {
  await writeOwnFile(`${path}.pub`, `${pair.publicKey}\n`);
  await writeOwnFile(path, pair.privateKey, { mode: 0o600 });
  await writeCopy(path, pair.privateKey, { mode: 0o600 });
}

/** Undefined when there is none; `damaged` when what is there is no pair. */
export function readKeyFiles(path: string): SshKeyPair | 'damaged' | undefined {
  const { privateKeys, publicKey } = look(path);
  if (privateKeys.every((text) => text === undefined) && publicKey === undefined) return undefined;
  return choose(privateKeys, publicKey) ?? 'damaged';
}

/** Writes again what of the three is damaged or not there; where nothing can be written now, another time. */
export async function healKeyFiles(path: string, pair: SshKeyPair): Promise<void> {
  const { privateKeys, publicKey } = look(path);
  const [file, copy] = privateKeys;
  try {
    if (publicKey !== pair.publicKey) await writeOwnFile(`${path}.pub`, `${pair.publicKey}\n`);
    if (file !== pair.privateKey) await writeOwnFile(path, pair.privateKey, { mode: 0o600 });
    if (copy !== pair.privateKey) await writeCopy(path, pair.privateKey, { mode: 0o600 });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}

function look(path: string) {
  return {
    privateKeys: [readOwnText(path), readOwnText(copyPath(path))] as const,
    publicKey: readOwnText(`${path}.pub`)?.trim(),
  };
}

function choose(privateKeys: readonly (string | undefined)[], publicKey: string | undefined): SshKeyPair | undefined {
  const pairs = privateKeys.flatMap((text) => (text === undefined ? [] : (pairOf(text) ?? [])));
  return pairs.find((pair) => pair.publicKey === publicKey) ?? pairs[0];
}

function pairOf(privateKey: string): SshKeyPair | undefined {
  const read = readEd25519PrivateFile(privateKey);
  return read && { privateKey, publicKey: `ssh-ed25519 ${read.blob.toString('base64')} ${read.comment}` };
}
