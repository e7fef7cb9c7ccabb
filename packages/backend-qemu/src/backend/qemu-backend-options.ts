import type { HostPlatform, Logger } from '@goqemu/core';
import type { ImageStore } from '@goqemu/image';

export interface QemuBackendOptions {
  readonly platform?: HostPlatform;
  /** Silent unless given. */
  readonly logger?: Logger;
  /** The cache in `~/qemu/img` with the built-in catalogue, unless given. */
  readonly images?: ImageStore;
  /** QEMU's binary; found on this host unless given. */
  readonly qemuPath?: string;
}
