import type { GoqemuFolders, HostPlatform, Logger } from '@goqemu/core';
import type { AccessKeyStore, HostKeyStore } from '@goqemu/guest';
import type { ImageStore } from '@goqemu/image';
import type { ChosenAccelerator, QemuInstallation } from '@goqemu/machine';
import type { LayerStore } from '../layers/layer-store.ts';
import type { VmSpec } from './vm-spec.ts';

export interface HostRoom {
  disk(folder: string): Promise<number>;
  memory(): Promise<number>;
}

/** What the machines of one host share. */
export interface VmHost {
  readonly platform: HostPlatform;
  readonly folders: GoqemuFolders;
  readonly logger: Logger;
  readonly layers: LayerStore;
  readonly images: ImageStore;
  readonly keys: AccessKeyStore;
  /** Of machines that are gone, while a layer of theirs is not. */
  readonly hostKeys: HostKeyStore;
  /** Bytes that are free on the file system of a folder, and that a new process can have of memory. */
  readonly room: HostRoom;
  /** Finds QEMU for a guest's architecture once. */
  installation(arch: string, signal?: AbortSignal): Promise<QemuInstallation>;
  /** What `accelerator` resolves to for guests of this architecture; `auto` is proven once per boot of the host. */
  accelerator(wanted: VmSpec['accelerator'], arch: string, signal?: AbortSignal): Promise<ChosenAccelerator>;
}

/** What a machine tells while it works. */
export type VmProgress =
  | {
      readonly kind: 'stage';
      readonly stage: string;
      readonly status: 'started' | 'done';
      readonly durationMs?: number;
    }
  | { readonly kind: 'notice'; readonly code: string; readonly message: string };

export interface VmCall {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: VmProgress) => void;
}
