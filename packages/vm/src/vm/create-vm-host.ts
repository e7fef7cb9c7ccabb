import { goqemuFolders, type HostPlatform, hostPlatform, type Logger, silentLogger } from '@goqemu/core';
import { AccessKeyStore } from '@goqemu/guest';
import { ImageStore } from '@goqemu/image';
import { findQemu, type QemuInstallation } from '@goqemu/machine';
import { LayerStore } from '../layers/layer-store.ts';
import type { VmHost } from './vm-host.ts';

export interface VmHostOptions {
  readonly platform?: HostPlatform;
  readonly logger?: Logger;
  readonly images?: ImageStore;
  /** QEMU's binary; found on this host unless given. */
  readonly qemuPath?: string;
}

/** The host that this process runs on. Cheap: nothing is looked for until it is needed. */
export function createVmHost(options: VmHostOptions = {}): VmHost {
  const platform = options.platform ?? hostPlatform();
  const logger = options.logger ?? silentLogger;
  const folders = goqemuFolders(platform);
  const installations = new Map<string, Promise<QemuInstallation>>();
  return {
    platform,
    folders,
    logger,
    layers: new LayerStore(folders.snapshots),
    images: options.images ?? new ImageStore({ folders, platform, logger }),
    keys: new AccessKeyStore(folders.keys),
    installation(arch, signal) {
      const present = installations.get(arch);
      if (present) return present;
      const found = findQemu({
        arch,
        platform,
        cacheFolder: folders.cache,
        ...(options.qemuPath ? { explicitPath: options.qemuPath } : {}),
        ...(signal ? { signal } : {}),
      });
      installations.set(arch, found);
      found.catch(() => installations.delete(arch)); // asked again, it looks again
      return found;
    },
  };
}
