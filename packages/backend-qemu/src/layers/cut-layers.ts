import type { BackendCall, CutLayer, CutResult } from '@goqemu/lab';
import { cutLab, type LayerStore } from '@goqemu/vm';
import { vmCall } from '../backend/vm-call.ts';
import type { MachineVerbs } from '../machines/backend-machine.ts';
import { storedLayer } from './stored-layer.ts';

/** Cuts all of these machines at one moment. An imported one among them is refused before any is touched. */
export async function cutLayers(
  store: LayerStore,
  cuts: readonly { readonly cut: CutLayer; readonly verbs: MachineVerbs }[],
  call: BackendCall,
): Promise<readonly CutResult[]> {
  const parts = await Promise.all(cuts.map(({ cut, verbs }) => verbs.readyForCut(cut)));
  const machines = await openAll(parts.map(({ vm, isRunning }) => (isRunning ? vm.machine(call.signal) : undefined)));
  try {
    const { layers, pauseMs } = await cutLab(
      parts.map((part, index) => ({ ...part, machine: machines[index] })),
      vmCall(call),
    );
    if (pauseMs > 0) call.progress({ kind: 'stage', stage: 'pause', status: 'done', durationMs: pauseMs });
    return await Promise.all(
      cuts.map(async ({ verbs }, index) => {
        const layer = layers[index] as (typeof layers)[number]; // in the order of the parts
        return { layer: await storedLayer(store, layer), record: await verbs.record() };
      }),
    );
  } finally {
    for (const machine of machines) await machine?.close();
  }
}

/** All of them, or none stays open. */
async function openAll<T extends { close(): Promise<void> }>(
  opening: readonly (Promise<T> | undefined)[],
): Promise<readonly (T | undefined)[]> {
  const results = await Promise.allSettled(opening);
  const failed = results.find((result) => result.status === 'rejected');
  const opened = results.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
  if (!failed) return opened;
  for (const one of opened) await one?.close();
  throw failed.reason;
}
