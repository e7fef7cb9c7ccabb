import type { ByteSize } from '@goqemu/core';

/** What a lab may say of the layers that its machines keep, beside those that have a name. */
export interface LayerOptions {
  /**
   * Layers of steps without a name that each machine keeps (default: 12, at least 2). With the first layer and a few
   * checkpoints they stay below the 16 from which reading takes notably longer.
   */
  readonly perMachine?: number;
  /** What all layers without a name may take on the disk, RAM included (default: `'20 GiB'`). */
  readonly budget?: ByteSize;
}
