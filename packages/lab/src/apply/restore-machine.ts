import type { MachineSpec } from '@goqemu/spec';
import type { AppliedStep } from '../state/lab-state.ts';
import { type ApplyContext, recordOf, stateOf, took, touchLayer, type WorkOf } from './apply-context.ts';
import { claimNamed, claimOrigin } from './claim-layers.ts';
import { watchRoad } from './watch-road.ts';

export async function restore(context: ApplyContext, id: string, name: string, work: WorkOf<'restore'>): Promise<void> {
  const began = context.now();
  await claimNamed(context, work.checkpoints);
  const { call, road } = watchRoad(context.call);
  await restoreTo({ ...context, call }, id, name, work.spec, work.layer, work.applied, work.checkpoints);
  await context.writer.note({ durations: took(context, { what: 'restore', name, road: road(), began }) });
}

export async function restoreTo(
  context: ApplyContext,
  id: string,
  name: string,
  spec: MachineSpec,
  layer: string,
  applied: readonly AppliedStep[],
  checkpoints: Readonly<Record<string, string>>,
): Promise<void> {
  await claimOrigin(context, layer);
  // A checkpoint that was cut off is given up: the disk goes back below it.
  const { cutting: _cutting, above: _above, ...machine } = stateOf(context, name);
  await context.writer.begin(id, { machines: { [name]: { ...machine, dirty: true } } });
  const record = await context.backend.restore(spec, recordOf(machine), layer, context.call);
  await context.writer.end(id, {
    machines: { [name]: { ...machine, spec, record, layer, applied, checkpoints, dirty: false, ready: true } },
    ...touchLayer(context, layer),
  });
}
