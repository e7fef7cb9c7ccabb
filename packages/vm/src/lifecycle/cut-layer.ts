import { internalError } from '@goqemu/core';
import type { Layer } from '../layers/layer.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { cutLab } from './cut-lab.ts';
import type { CutPart } from './layer-cut.ts';

export interface Cut {
  readonly layer: Layer;
  /** Milliseconds that the guest stood still; 0 for a machine that was not running. */
  readonly pauseMs: number;
}

/**
 * Seals what a machine's disk holds, and its RAM on request, as a layer; the machine continues above it.
 *
 * @throws GoqemuError `no-room` before anything is stopped; `guest-sync-failed`, `checkpoint-state-failed`
 */
export async function cutLayer(part: CutPart, call: VmCall): Promise<Cut> {
  const { layers, pauseMs } = await cutLab([part], call);
  const [layer] = layers;
  if (!layer) throw internalError('a cut of one machine gave no layer');
  return { layer, pauseMs };
}
