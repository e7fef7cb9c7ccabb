import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import type { Layer } from '../layers/layer-store.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { type CutOptions, LayerCut } from './layer-cut.ts';

export interface Cut {
  readonly layer: Layer;
  /** Milliseconds that the guest stood still; 0 for a machine that was not running. */
  readonly pauseMs: number;
}

/**
 * Seals what a machine's disk holds, and its RAM on request, as a layer; the machine goes on above it.
 *
 * @throws GoqemuError `no-room` before anything is stopped; `guest-sync-failed`, `checkpoint-state-failed`
 */
export async function cutLayer(
  vm: Vm,
  machine: Machine | undefined,
  session: GuestSession,
  options: CutOptions,
  call: VmCall,
): Promise<Cut> {
  const { layers } = vm.host;
  const present = await layers.find(options.key);
  if (present && (present.manifest.ram || !options.ram))
    return { layer: await layers.adopt(present, vm.scope.lineage), pauseMs: 0 };
  await using cut = await LayerCut.begin({ vm, machine, session, options }, call);
  await cut.sync();
  try {
    await cut.stop();
    await cut.take();
  } finally {
    await cut.goOn();
  }
  const layer = await cut.finish();
  await cut.supersede();
  return { layer, pauseMs: cut.pauseMs };
}
