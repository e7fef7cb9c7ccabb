import { goqemuFolders, type HostPlatform, hostPlatform, type Logger, silentLogger } from '@goqemu/core';
import { AccessKeyStore, HostKeyStore } from '@goqemu/guest';
import { ImageStore } from '@goqemu/image';
import { findQemu } from '@goqemu/machine';
import { LayerStore } from '../layers/layer-store.ts';
import { hostRoom } from '../ram/host-room.ts';
import type { HostRoom, VmHost } from './vm-host.ts';

export interface VmHostOptions {
  readonly platform?: HostPlatform;
  readonly logger?: Logger;
  readonly images?: ImageStore;
  /** What is free on this host; of use in tests of a host that is full. */
  readonly room?: HostRoom;
  /** QEMU's binary. Default: found on this host. */
  readonly qemuPath?: string;
}

/** The host that this process runs on. Cheap: nothing is looked for until it is needed. */
export function createVmHost(options: VmHostOptions = {}): VmHost {
  const platform = options.platform ?? hostPlatform();
  const logger = options.logger ?? silentLogger;
  const folders = goqemuFolders(platform);
  const installation = once((arch: string, signal?: AbortSignal) =>
    findQemu({
      arch,
      platform,
      cacheFolder: folders.cache,
      ...(options.qemuPath ? { explicitPath: options.qemuPath } : {}),
      ...(signal ? { signal } : {}),
    }),
  );
  const automatic = once(async (arch: string, signal?: AbortSignal) => {
    const { chooseAccelerator } = await import('../lifecycle/prove-accelerator.ts');
    return chooseAccelerator('auto', await installation(arch, signal), {
      cacheFolder: folders.cache,
      platform,
      ...(signal ? { signal } : {}),
    });
  });
  return {
    platform,
    folders,
    logger,
    layers: new LayerStore(folders.snapshots, undefined, (stage) => logger.log('debug', 'vm', stage)),
    images: options.images ?? new ImageStore({ folders, platform, logger }),
    keys: new AccessKeyStore(folders.keys),
    hostKeys: new HostKeyStore(folders.keys),
    room: options.room ?? hostRoom,
    installation,
    async accelerator(wanted, arch, signal) {
      return wanted === 'auto' ? automatic(arch, signal) : { accelerator: wanted, reason: 'asked for', notices: [] };
    },
  };
}

/** Remembers a success for each architecture; after a failure it looks again. */
function once<T>(look: (arch: string, signal?: AbortSignal) => Promise<T>) {
  const found = new Map<string, Promise<T>>();
  return (arch: string, signal?: AbortSignal): Promise<T> => {
    const present = found.get(arch);
    if (present) return present;
    const looking = look(arch, signal);
    found.set(arch, looking);
    looking.catch(() => found.delete(arch));
    return looking;
  };
}
