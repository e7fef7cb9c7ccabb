import { ramShape } from '@goqemu/spec';
import { machineRef } from '../resource/resource-ref.ts';
import { appliedStep, appliedUpTo, checkpointAt, namesUpTo } from './chain.ts';
import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import type { PlanContext } from './plan-context.ts';
import { restoreRoad } from './restore-road.ts';
import { wayOn } from './way-on.ts';

/**
 * Runs the links of a chain from `have` on, and cuts a layer after each unless the machine cannot stand on one. Where a
 * layer further on is there already, the machine continues from that.
 *
 * @param had how many links the machine had behind it, before it went back
 */
export function planSteps(
  context: PlanContext,
  desired: DesiredMachine,
  have: number,
  { layers = true, had = have }: { readonly layers?: boolean; readonly had?: number } = {},
): void {
  const { chain, spec, declaration } = desired;
  const { name } = declaration;
  const ownFrom = chain.length - declaration.steps.length;
  for (const { kind, index, isThere } of wayOn(context, chain, have, layers)) {
    const link = chain[index];
    if (!link?.step) continue;
    if (kind === 'restore') {
      planGoingOn(context, desired, index, isThere);
      continue;
    }
    const waits = link.waitsFor.flatMap((place) => context.reaching(place.machine, place.index) ?? []);
    const own = index >= ownFrom ? declaration.steps[index - ownFrom] : undefined;
    const isStored = layers && link.cut && context.facts.stored.has(link.key);
    const id = context.add(
      {
        action: 'run',
        resource: machineRef(name),
        step: link.name,
        reason: reasonToRun(link, index, have, had),
        diff: Object.entries({ ...link.summary, ...checkpointAt(link) }).map(([property, after]) => ({
          property,
          after,
        })),
        dependsOn: waits,
        ...context.duration(`step:${name}/${link.name}`),
        ...(own ? { place: () => own.location } : {}),
        work: {
          verb: 'step',
          spec,
          step: link.step,
          applied: appliedStep(link),
          // A layer that is there already, cut by another lab, is as good as one cut now.
          cut: layers && link.cut && !isStored,
          isStored,
          descriptions: link.checkpoints[0] === undefined ? [] : [link.checkpoints[0], name],
          checkpoints: layers ? link.checkpoints : [],
          ...(link.timed === undefined ? {} : { timed: link.timed }),
        },
      },
      index,
    );
    if (layers && link.cut && !context.producers.has(link.key))
      context.producers.set(link.key, { id, shape: ramShape(spec) });
  }
}

/** From a layer that was made again to the furthest that is there. */
function planGoingOn(
  context: PlanContext,
  { chain, spec, declaration }: DesiredMachine,
  index: number,
  isThere: (key: string) => boolean,
): void {
  const { name } = declaration;
  const { key = '', name: step = '' } = chain[index] ?? {};
  const { boots, ...estimate } = restoreRoad(context, name, spec, key);
  const how = boots === undefined ? '' : `, which boots: ${boots}`;
  context.add(
    {
      action: 'restore',
      resource: machineRef(name),
      reason: `roll forward to the layer after "${step}"${how}: the steps up to there are cached`,
      changeClass: 'rollback',
      ...estimate,
      work: {
        verb: 'restore',
        spec,
        layer: key,
        applied: appliedUpTo(chain, index),
        checkpoints: namesUpTo(chain, index + 1, isThere),
      },
    },
    index,
  );
}

function reasonToRun({ cut }: ChainLink, index: number, have: number, had: number): string {
  if (index < had) return cut ? 'its layer is no longer there' : 'no layer is cut after it';
  return index > have ? 'an earlier step runs' : 'it has not run yet';
}

/** A template ends stopped. */
export function planStop(context: PlanContext, desired: DesiredMachine): void {
  const { name } = desired.declaration;
  context.add(
    {
      action: 'stop',
      resource: machineRef(name),
      reason: 'a template is only a base for machines',
      ...context.duration('stop'),
      work: { verb: 'stop' },
    },
    desired.chain.length - 1,
  );
}
