import type { HostPlatform, Logger } from '@goqemu/core';
import type { ImageStore } from '@goqemu/image';

export interface QemuBackendOptions {
  readonly platform?: HostPlatform;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default: the cache in `~/qemu/img` with the built-in catalogue. */
  readonly images?: ImageStore;
  /** QEMU's binary. Default: found on this host. */
  readonly qemuPath?: string;
}
