import type { ResolvedImage } from '../backend/backend.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { baseKey, stepKey } from '../layer/layer-key.ts';
import { pinName, pinOf } from '../lock/lab-lock.ts';
import { openDiskSize } from '../plan/disk-size.ts';
import { isOfMachine } from '../plan/machine-operation.ts';
import type { Plan } from '../plan/plan.ts';
import type { Operation } from '../resource/operation.ts';
import { fetchImages } from './fetch-images.ts';

/**
 * Fetches the images that a plan with provisional keys starts from, and puts the real keys in their place. Nothing else of
 * the plan changes: what the user has confirmed is what is done.
 */
export async function settleImages(context: EngineContext, plan: Plan, signal?: AbortSignal): Promise<Plan> {
  if (!plan.provisional) return plan;
  const fetched = await fetchImages(context, plan, signal);
  return withRealKeys(plan, fetched);
}

/** What a layer's key becomes, and the size of its machine's disk where that becomes another one. */
interface RealKey {
  readonly key: string;
  readonly disk?: number;
}

/** Exported for its tests. */
export function withRealKeys(plan: Plan, images: ReadonlyMap<string, ResolvedImage>): Plan {
  const { provisional, ...rest } = plan;
  if (!provisional) return plan;
  const real = new Map<string, RealKey>();
  for (const one of provisional.keys) {
    if ('base' in one) {
      const image = images.get(one.image);
      if (!image) continue;
      const disk = one.isDiskOpen ? { disk: openDiskSize(image) } : {};
      real.set(one.key, { key: baseKey({ ...one.base, ...disk, imageKey: image.key }, one.seed), ...disk });
    } else {
      const { below, material, dependsOn } = replaced(one, real) as typeof one;
      real.set(one.key, { key: stepKey(below, material, dependsOn) });
    }
  }
  const pins = provisional.images.flatMap(({ name, pins: isWanted }) => {
    const image = images.get(name);
    return image && isWanted ? [[name, { key: pinOf(image), description: image.description }] as const] : [];
  });
  const operations = plan.operations.map((operation) => withImage(operation, images));
  const settled = { ...rest, operations, pins: { ...plan.pins, ...Object.fromEntries(pins) } };
  return replaced(withDisks(settled, real), real) as Plan;
}

function withImage(operation: Operation, images: ReadonlyMap<string, ResolvedImage>): Operation {
  if (!isOfMachine(operation)) return operation;
  const { work } = operation;
  if (work.verb !== 'make' && work.verb !== 'adopt') return operation;
  const image = images.get(pinName(work.image.reference, work.spec.arch));
  if (!image) return operation;
  const named = { ...work, image: { ...work.image, key: image.key } };
  return {
    ...operation,
    work: named.verb === 'make' && 'image' in named.origin ? { ...named, origin: { image } } : named,
  };
}

/** A disk whose size the lab leaves open is as large as its image, if that is larger: for all operations of its machine. */
function withDisks(plan: Plan, real: ReadonlyMap<string, RealKey>): Plan {
  const disks = new Map(
    plan.operations
      .filter(isOfMachine)
      .flatMap(({ resource, work }) => ('base' in work ? [[resource.name, real.get(work.base)?.disk]] : [])),
  );
  const operations = plan.operations.map((operation): Operation => {
    if (!isOfMachine(operation)) return operation;
    const { resource, work } = operation;
    const disk = disks.get(resource.name);
    if (disk === undefined || !('spec' in work)) return operation;
    return { ...operation, work: { ...work, spec: { ...work.spec, disk } } };
  });
  return { ...plan, operations };
}

/** Layers' keys are digests: a text that equals one is one. What is recorded of a first layer has the size of the disk. */
function replaced(value: unknown, real: ReadonlyMap<string, RealKey>): unknown {
  if (typeof value === 'string') return real.get(value)?.key ?? value;
  if (Array.isArray(value)) return value.map((item: unknown) => replaced(item, real));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [real.get(name)?.key ?? name, replaced(item, real)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  const disk = 'summary' in value && 'key' in value ? real.get(String(value.key))?.disk : undefined;
  return disk === undefined ? copy : { ...copy, summary: { ...(copy.summary as object), disk } };
}
