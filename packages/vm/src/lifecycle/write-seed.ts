import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { lengthPrefixedDigest, systemErrorCode, writeOwnFile } from '@goqemu/core';
import { cloudInitSeed } from '@goqemu/image';
import { backingFile } from '../layers/backing-chain.ts';
import type { Vm } from '../vm/vm.ts';
import { networkConfig } from '../vm/vm-network.ts';

export interface SeedOptions {
  /** Login shell of the machine's user; it counts at the first boot. */
  readonly shell?: string;
  /** The disk stands on a layer, whose guest was set up when the layer was cut. */
  readonly isSetUp: boolean;
}

/** Writes what cloud-init reads at a machine's boot. */
export async function writeSeed(vm: Vm, { shell, isSetUp }: SeedOptions): Promise<void> {
  const { spec, folder, host, scope } = vm;
  const [access, hostKey] = await Promise.all([host.keys.loadOrCreate(scope.lineage), vm.hostKey()]);
  const network = networkConfig(spec);
  const seed = cloudInitSeed({
    instanceId: cloudInstance(spec.identity.instanceId, hostKey.publicKey),
    hostname: spec.identity.hostname,
    user: spec.user,
    authorizedKeys: [access.publicKey],
    sshHostKeys: { ed25519Private: hostKey.privateKey, ed25519Public: hostKey.publicKey },
    ...(shell ? { shell } : {}),
    isSetUp,
    ...(network ? { networkConfig: network } : {}),
  });
  await writeOwnFile(folder.seed, seed, { mode: 0o600 });
}

/**
 * cloud-init gives host name and keys once for each instance-id. A machine that was destroyed and is made again from a
 * layer of its own has the identity that it had, and a new host key: to cloud-init it must be another instance.
 */
function cloudInstance(instanceId: string, hostKey: string): string {
  return `${instanceId}-${lengthPrefixedDigest([hostKey]).slice(0, 8)}`;
}

/** Writes a seed again that is missing or damaged: QEMU does not start without the file. */
export async function ensureSeed(vm: Vm): Promise<void> {
  if (isWhole(vm.folder.seed)) return;
  const { disk } = await vm.state();
  const below = await backingFile(vm.folder.file(disk));
  await writeSeed(vm, { isSetUp: below?.startsWith(vm.host.layers.folder) ?? false });
}

/** ISO 9660 (ECMA-119 8.4): the volume descriptor at sector 16 says how many sectors there are. */
function isWhole(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const descriptor = Buffer.alloc(84);
      readSync(file, descriptor, 0, descriptor.length, 16 * 2048);
      const sectors = descriptor.readUInt32LE(80);
      return descriptor.toString('latin1', 1, 6) === 'CD001' && fstatSync(file).size >= sectors * 2048;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}
