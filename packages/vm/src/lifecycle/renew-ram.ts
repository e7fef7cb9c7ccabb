import { errorMessage } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import type { Layer } from '../layers/layer.ts';
import { ramFacts } from '../layers/ram-facts.ts';
import { ramStrategyOf } from '../ram/capture-machine.ts';
import { takesRam } from '../ram/ram-strategy.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { cutLayer } from './cut-layer.ts';

/** A machine that has booted from the disk of a layer, and holds nothing beyond what the boot wrote. */
export interface BootedFrom {
  readonly vm: Vm;
  readonly layer: Layer;
  readonly machine: Machine;
  readonly session: GuestSession;
}

/**
 * Gives a layer without RAM that of the machine which has just booted from it, where a step's RAM is kept at all: a user who
 * edits a step goes back to the layer before it again and again, and boots once. The layer keeps its key and gets
 * another disk, above its own, with what the boot wrote. RAM of machines of another shape is not its own to have.
 */
export async function renewRam({ vm, layer, machine, session }: BootedFrom, call: VmCall): Promise<void> {
  const { key, parent, descriptions, ram, compatibility } = layer.manifest;
  const present = ramFacts(vm.spec, machine.record.accelerator);
  const hasItsShape = Object.entries(present).every(
    ([fact, value]) => compatibility[fact as keyof typeof present] === value,
  );
  if (ram || !hasItsShape) return;
  // Asked before the cut, which would say that a checkpoint holds the disk only: here none is being made.
  if (!takesRam(await ramStrategyOf(vm, machine, call), { isNamed: descriptions.length > 0 })) return;
  const options = { key, descriptions, ram: true, ...(parent === undefined ? {} : { parent }) };
  try {
    await cutLayer({ vm, machine, session, options }, call);
  } catch (error) {
    call.signal?.throwIfAborted();
    const message = `going back to layer ${layer.manifest.id} boots again the next time: ${errorMessage(error)}`;
    call.onProgress?.({ kind: 'notice', code: 'ram-not-kept', message });
  }
}
