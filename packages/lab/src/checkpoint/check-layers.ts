import { GoqemuError } from '@goqemu/core';
import type { Backend, BackendCall } from '../backend/backend.ts';
import type { MachineState } from '../state/lab-state.ts';
import type { FoundCheckpoint } from './found-checkpoint.ts';

/** @throws GoqemuError `checkpoint-damaged` naming a machine whose layer is no longer there */
export async function checkLayers(
  backend: Backend,
  found: FoundCheckpoint,
  machines: readonly MachineState[],
  call: BackendCall,
): Promise<void> {
  const layers = machines.map((machine) => found.machines[machine.name]?.layer ?? '');
  const stored = await backend.findLayers(layers, call);
  const lost = machines.find((_machine, index) => !stored.has(layers[index] ?? ''));
  if (lost) throw checkpointDamaged(found, lost.name);
}

/** Of a checkpoint that lacks the layer of a machine. */
function checkpointDamaged({ id, origin, description }: FoundCheckpoint, machine: string): GoqemuError {
  return new GoqemuError({
    code: 'checkpoint-damaged',
    source: 'environment',
    subject: machine,
    message: `the checkpoint "${description}" of ${machine} is no longer in the store, or is damaged`,
    hint:
      origin === 'declared'
        ? 'nothing was changed; goqemu apply makes it again'
        : `nothing was changed; forget it with: goqemu checkpoint delete ${id}`,
  });
}
