import { propertiesWith, ramShape, shownProperties } from '@goqemu/spec';
import type { PropertyChange } from '../resource/operation.ts';
import { machineRef } from '../resource/resource-ref.ts';
import type { MachineState } from '../state/lab-state.ts';
import { appliedUpTo, checkpointAt, firstNameless, lastCut, namesUpTo, stepOf } from './chain.ts';
import { checkpointsUpTo } from './checkpoint-names.ts';
import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import type { PlanContext } from './plan-context.ts';
import { planSteps, planStop } from './plan-steps.ts';
import { whyBoot } from './restore-road.ts';

export interface MakeOptions {
  readonly reason: string;
  /** Something of an earlier machine is deleted first. */
  readonly discard: boolean;
  readonly resume?: boolean;
  readonly diff?: readonly PropertyChange[];
  readonly recorded?: MachineState;
}

/** Makes a machine: from the furthest layer that is cached or about to be cut, else from its image. */
export function planMake(context: PlanContext, desired: DesiredMachine, options: MakeOptions): void {
  const { chain, spec } = desired;
  const first = chain[0];
  if (!first) return;
  const cached = options.resume ? -1 : context.furthestUsable(chain);
  if (spec.kind === 'template' && cached >= lastCut(chain)) {
    planAdopt(context, desired, first, options);
    return;
  }
  const coming = options.resume ? undefined : furthestComing(context, desired);
  const fromCache = cached >= 0 && cached >= (coming?.index ?? -1);
  const index = fromCache ? cached : (coming?.index ?? -1);
  if (fromCache) planReuse(context, desired, index);
  planCreate(context, desired, { first, index, after: fromCache ? undefined : coming?.id }, options);
  planSteps(context, desired, Math.max(index, 0) + 1);
  if (spec.kind === 'template') planStop(context, desired);
}

/** A template of which nothing but layers is wanted, and these are there. */
function planAdopt(context: PlanContext, desired: DesiredMachine, first: ChainLink, options: MakeOptions): void {
  const { chain, spec, declaration } = desired;
  context.add(
    {
      action: 'reuse',
      resource: machineRef(declaration.name),
      reason: 'all its layers are cached',
      work: {
        verb: 'adopt',
        spec,
        ...sharedWork(desired, first),
        applied: appliedUpTo(chain, chain.length - 1),
        checkpoints: checkpointsUpTo(context, desired, chain.length),
        discard: options.recorded?.record != null || options.discard,
      },
    },
    chain.length - 1,
  );
}

/** Says that layers are cached: nothing is done. */
function planReuse(context: PlanContext, { chain, declaration }: DesiredMachine, index: number): void {
  context.add(
    {
      action: 'reuse',
      resource: machineRef(declaration.name),
      ...(index === 0 ? {} : stepOf(chain[index])),
      reason: index === 0 ? 'a machine from this image is cached' : `${index} of ${chain.length - 1} steps are cached`,
      work: { verb: 'note' },
    },
    -1,
  );
}

interface Origin {
  readonly first: ChainLink;
  /** The link whose layer it is made from; -1 for its image. */
  readonly index: number;
  /** The operation that cuts this layer. */
  readonly after: string | undefined;
}

function planCreate(
  context: PlanContext,
  desired: DesiredMachine,
  { first, index, after }: Origin,
  options: MakeOptions,
): void {
  const { chain, spec, declaration, image } = desired;
  const { name } = declaration;
  const layer = chain[index]?.key;
  const waits = first.waitsFor.flatMap((place) => context.reaching(place.machine, place.index) ?? []);
  const id = context.add(
    {
      action: options.resume ? 'start' : options.discard ? 'replace' : 'create',
      resource: machineRef(name),
      reason: options.resume ? options.reason : options.reason + originReason(context, desired, index),
      ...(options.discard ? { changeClass: 'recreate' as const } : {}),
      diff: options.diff ?? (options.discard || options.resume ? [] : describe(desired)),
      dependsOn: [...waits, ...(after === undefined ? [] : [after])],
      ...context.duration(...durationKeys(context, desired, layer)),
      place: () => declaration.location,
      work: {
        verb: 'make',
        spec,
        ...sharedWork(desired, first),
        origin: layer === undefined ? { image } : { layer },
        applied: layer === undefined ? [] : appliedUpTo(chain, index),
        first: { key: first.key, name: first.name, summary: first.summary },
        firstDescriptions: first.checkpoints[0] === undefined ? [] : [first.checkpoints[0], name],
        checkpoints: namedByThen(context, desired, Math.max(index, 0)),
        discard: options.discard,
        resume: options.resume === true,
      },
    },
    Math.max(index, 0),
  );
  if (layer === undefined && !context.producers.has(first.key))
    context.producers.set(first.key, { id, shape: ramShape(spec) });
}

function sharedWork({ image, declaration: { protect, retain } }: DesiredMachine, first: ChainLink) {
  return { image: { reference: image.reference, key: image.key }, base: first.key, facts: { protect, retain } };
}

/** The furthest layer of the chain that an operation before this one cuts. */
function furthestComing(context: PlanContext, desired: DesiredMachine): { index: number; id: string } | undefined {
  const { chain } = desired;
  const nameless = firstNameless(chain, (key) => context.facts.stored.has(key) || context.producers.has(key));
  for (let index = Math.min(chain.length, nameless) - 1; index >= 0; index--) {
    const producer = context.producers.get(chain[index]?.key ?? '');
    if (!producer) continue;
    // The bare machine of another shape would have to be booted all the same: then both boot at once.
    if (index === 0 && producer.shape !== ramShape(desired.spec)) return undefined;
    return { index, id: producer.id };
  }
  return undefined;
}

function originReason(context: PlanContext, desired: DesiredMachine, index: number): string {
  if (index < 0) {
    const producer = context.producers.get(desired.chain[0]?.key ?? '');
    return producer
      ? ', booted from its image because its memory, cores, accelerator, network or display differ from the others’'
      : '';
  }
  const where = index === 0 ? 'a machine that is ready' : `the layer after "${desired.chain[index]?.name}"`;
  const boots = whyBoot(context, desired.spec, desired.chain[index]?.key ?? '');
  return boots === undefined ? `, resuming from ${where}` : `, booted from ${where}: ${boots}`;
}

/** Of what making it from there took before. */
function durationKeys(context: PlanContext, desired: DesiredMachine, layer: string | undefined): readonly string[] {
  const { name } = desired.declaration;
  if (layer === undefined) return [`make:image:${name}`, 'make:image'];
  const road = whyBoot(context, desired.spec, layer) === undefined ? 'ram' : 'boot';
  return [`make:layer:${name}:${road}`, `make:layer:${road}`];
}

function describe(desired: DesiredMachine): readonly PropertyChange[] {
  const { spec, image } = desired;
  return Object.entries({
    image: image.reference,
    ...shownProperties(spec, propertiesWith('namedWhenMade', true)),
    ...checkpointAt(desired.chain[0]),
  }).map(([property, after]) => ({ property, after }));
}

/** Names at or below a place that is reached when the machine is made; its own first layer is cut there. */
function namedByThen(context: PlanContext, { chain }: DesiredMachine, index: number): Readonly<Record<string, string>> {
  const isThere = (key: string) => key === chain[0]?.key || context.facts.stored.has(key) || context.producers.has(key);
  return namesUpTo(chain, index + 1, isThere);
}
