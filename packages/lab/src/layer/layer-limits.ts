import { type ByteSize, GoqemuError, parseByteSize } from '@goqemu/core';
import { checkOptions } from '../evaluate/check-options.ts';

/** What a lab may say of the layers that its machines keep, beside those that have a name. */
export interface LayerOptions {
  /**
   * Layers of steps without a name that each machine keeps; 12 unless given, at least 2. With the first layer and a few
   * checkpoints they stay below the 16 from which reading takes notably longer.
   */
  readonly perMachine?: number;
  /** What all layers without a name may take on the disk, RAM included; `'20 GiB'` unless given. */
  readonly budget?: ByteSize;
}

export interface LayerLimits {
  readonly perMachine: number;
  /** Bytes. */
  readonly budget: number;
}

export const defaultLayerLimits: LayerLimits = { perMachine: 12, budget: 20 * 2 ** 30 };

/** The newest two of a machine stay in any case. */
const fewest = 2;

/** @throws GoqemuError `layers-invalid`, `option-unknown`, `size-invalid` */
export function layerLimits(options: LayerOptions | undefined): LayerLimits {
  if (options === undefined) return defaultLayerLimits;
  checkOptions('layers', options, { place: () => undefined });
  const { perMachine = defaultLayerLimits.perMachine, budget = defaultLayerLimits.budget } = options;
  if (!Number.isInteger(perMachine) || perMachine < fewest)
    throw invalid('layers.perMachine', `a whole number, ${fewest} or more`, perMachine);
  return { perMachine, budget: parseByteSize(budget, 'layers.budget') };
}

function invalid(option: string, expected: string, got: unknown): GoqemuError {
  return new GoqemuError({
    code: 'layers-invalid',
    source: 'user',
    subject: option,
    message: `${option}: expected ${expected}, got ${JSON.stringify(got)}`,
    hint: "write layers: { perMachine: 12, budget: '20 GiB' }",
  });
}
