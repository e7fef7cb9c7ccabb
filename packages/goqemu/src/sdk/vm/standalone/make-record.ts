import { randomBytes } from 'node:crypto';
import { formatByteSize, GoqemuError, lengthPrefixedDigest } from '@goqemu/core';
import { newMachineId } from '@goqemu/guest';
import type { CachedImage } from '@goqemu/image';
import { defaultDisk, pickProperties, simpleProperties } from '@goqemu/spec';
import {
  chooseNetwork,
  lineageOf,
  type StandaloneRecord,
  standaloneNames,
  type VmCall,
  type VmHost,
  type VmIdentity,
} from '@goqemu/vm';
import type { CheckedConfig } from '../options/vm-config.ts';
import { choosePorts } from './choose-ports.ts';

/** A name that no VM here has. */
export async function temporaryName(host: VmHost): Promise<string> {
  const taken = await standaloneNames(host);
  for (;;) {
    const name = `vm-${randomBytes(4).toString('hex')}`;
    if (!taken.includes(name)) return name;
  }
}

/**
 * Decides all that a new VM is: nothing of it changes while the VM is there, except ports that another program took.
 *
 * @throws GoqemuError `disk-too-small`, `port-taken`, `host-network-unavailable`
 */
export async function makeRecord(
  host: VmHost,
  { name, image }: { readonly name: string; readonly image: CachedImage },
  { shape, name: chosenName, machineTimeouts }: CheckedConfig,
  call: VmCall,
): Promise<StandaloneRecord> {
  const disk = shape.disk ?? Math.max(defaultDisk, image.virtualSize);
  if (disk < image.virtualSize) throw diskTooSmall(disk, image);
  const place = `standalone/${name}`;
  const { network, reason } = await chooseNetwork(host, { wish: shape.network, arch: shape.arch, place }, call);
  const { sshPort, forwards } = await choosePorts(host, name, shape.forward);
  return {
    version: 1,
    name,
    temporary: chosenName === undefined,
    image: shape.image,
    snapshots: shape.snapshots,
    networkWish: shape.network,
    networkReason: reason,
    forward: shape.forward,
    spec: {
      name,
      ...pickProperties({ ...shape, disk, user: shape.user ?? image.user }, simpleProperties),
      identity: newIdentity(name, sshPort, shape.hostname),
      forwards,
      network,
      timeouts: machineTimeouts,
    },
  };
}

/** The identity of a VM of this name, shared with no other. */
export function newIdentity(name: string, sshPort: number, hostname = name): VmIdentity {
  const mac = lengthPrefixedDigest(['goqemu-mac', lineageOf(name)]);
  return {
    hostname,
    instanceId: `i-${randomBytes(8).toString('hex')}`,
    mac: `52:54:00:${mac.slice(0, 2)}:${mac.slice(2, 4)}:${mac.slice(4, 6)}`,
    machineId: newMachineId(),
    sshPort,
  };
}

function diskTooSmall(disk: number, image: CachedImage): GoqemuError {
  return new GoqemuError({
    code: 'disk-too-small',
    source: 'user',
    subject: 'disk',
    message: `disk: the image ${image.name} needs at least ${formatByteSize(image.virtualSize)}, got ${formatByteSize(disk)}`,
    hint: `give the VM a larger disk, or leave disk out: it is then as large as its image`,
  });
}
