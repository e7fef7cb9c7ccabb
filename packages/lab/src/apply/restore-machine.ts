import type { MachineSpec } from '@goqemu/spec';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { AppliedStep } from '../state/lab-state.ts';
import { claimNamed, claimOrigin } from './claim-layers.ts';
import { awake, recordOf, stateOf, took, touchLayer, type WorkOf } from './machine-state.ts';
import { type Road, watchRoad } from './watch-road.ts';

export async function restore(context: ApplyContext, id: string, name: string, work: WorkOf<'restore'>): Promise<void> {
  const began = context.now();
  await claimNamed(context, work.checkpoints);
  const { spec, layer, applied, checkpoints } = work;
  const road = await restoreTo(context, { id, name, spec, layer, applied, checkpoints });
  await context.writer.note({ durations: took(context, { what: 'restore', name, road, began }) });
}

/** Where a machine is taken back to, and what it has behind it there. */
export interface WayBack {
  /** Of the operation. */
  readonly id: string;
  readonly name: string;
  readonly spec: MachineSpec;
  readonly layer: string;
  readonly applied: readonly AppliedStep[];
  readonly checkpoints: Readonly<Record<string, string>>;
}

export async function restoreTo(context: ApplyContext, way: WayBack): Promise<Road> {
  const { id, name, spec, layer, applied, checkpoints } = way;
  await claimOrigin(context, layer);
  // A checkpoint that was interrupted is given up: the disk goes back below it.
  const { cutting: _cutting, above: _above, ...machine } = stateOf(context, name);
  await context.writer.begin(id, { resources: { machine: { [name]: { ...machine, dirty: true } } } });
  const { call, road } = watchRoad(context.call);
  const record = await context.backend.restore(spec, recordOf(machine), layer, call);
  // One that was booted from may have RAM by now.
  const bytes = road() === 'boot' ? (await context.backend.findLayers([layer], call)).get(layer)?.bytes : undefined;
  await context.writer.end(id, {
    resources: {
      machine: { [name]: { ...awake(machine), spec, record, layer, applied, checkpoints, dirty: false, ready: true } },
    },
    ...touchLayer(context, layer, { isReturn: true, ...(bytes === undefined ? {} : { bytes }) }),
  });
  return road();
}
