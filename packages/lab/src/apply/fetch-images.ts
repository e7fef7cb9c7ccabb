import type { MachineSpec } from '@goqemu/spec';
import type { ResolvedImage } from '../backend/backend.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { pinName } from '../lock/lab-lock.ts';
import { isOfMachine } from '../plan/machine-operation.ts';
import type { Plan } from '../plan/plan.ts';

/**
 * Downloads or builds what a plan's machines start from. Only then is known what the images are, and with them the
 * keys of all layers: after this, plan again.
 *
 * @returns those that were not there before, by their row in lab.lock.json
 */
export async function fetchImages(
  context: EngineContext,
  plan: Plan,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ResolvedImage>> {
  const absent = new Map<string, { readonly image: ResolvedImage; readonly arch: MachineSpec['arch'] }>();
  for (const { work } of plan.operations.filter(isOfMachine)) {
    if (work.verb !== 'make' || !('image' in work.origin) || work.origin.image.present) continue;
    const { image } = work.origin;
    absent.set(pinName(image.reference, work.spec.arch), { image, arch: work.spec.arch });
  }
  const fetched = new Map<string, ResolvedImage>();
  for (const [name, { image, arch }] of absent) {
    const call = context.plainCall(plan.lineage, image.reference, signal);
    fetched.set(name, await context.backend.ensureImage(image, arch, call));
  }
  return fetched;
}
