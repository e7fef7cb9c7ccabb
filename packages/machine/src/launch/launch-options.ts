import type { HostPlatform, Logger, ProcessTable } from '@goqemu/core';
import type { QemuInstallation } from '../find/installation.ts';

/** How a machine is launched, besides what it is made of. */
export interface LaunchOptions {
  /** Default: found by the configuration's architecture. */
  readonly installation?: QemuInstallation;
  readonly platform?: HostPlatform;
  /** @internal Replaced in tests. */
  readonly processes?: ProcessTable;
  /** Where probes of QEMU and of accelerators are kept. */
  readonly cacheFolder?: string;
  /** Milliseconds until QEMU must have answered on its monitor. @default 30_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
}
