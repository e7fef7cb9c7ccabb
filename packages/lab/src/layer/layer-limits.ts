import { GoqemuError, parseByteSize, shownValue } from '@goqemu/core';
import type { LayerOptions } from '../definition/layer-options.ts';
import { checkOptions } from '../evaluate/check-options.ts';

/** How many unnamed layers are kept, and what all of them may take. */
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
    message: `${option}: expected ${expected}, got ${shownValue(got)}`,
    hint: "write layers: { perMachine: 12, budget: '20 GiB' }",
  });
}
