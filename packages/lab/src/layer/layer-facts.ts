import type { SurveyedLayer } from '../backend/backend.ts';
import type { AppliedStep, LabState, MachineState } from '../state/lab-state.ts';
import type { ChainPlace, LayerFacts, UnnamedLayer } from './choose-layers.ts';
import { keptReturns, returnedLayers } from './returned-layers.ts';

/** A machine's newest layers have RAM: a user who edits its last step returns to them. */
const newest = 2;

/**
 * What of a lab's layers may be coalesced.
 *
 * @param going layers that are about to be removed
 */
export function layerFacts(
  state: LabState,
  survey: ReadonlyMap<string, SurveyedLayer>,
  going: ReadonlySet<string> = new Set(),
): LayerFacts {
  const named = namedLayers(state);
  const isThere = (key: string) => survey.has(key) && !going.has(key);
  const chains = Object.values(state.resources.machine).flatMap((machine) =>
    stepsOf(machine).map((steps) => ({ machine, steps })),
  );
  const inChains = new Set(chains.flatMap(({ steps }) => steps.map(({ key }) => key)));
  const kept = new Set<string>();
  for (const { machine, steps } of chains) for (const key of keptOf(machine, steps, isThere)) kept.add(key);
  for (const { machine } of chains)
    for (const key of returnedLayers(state, machine.name).slice(0, keptReturns)) kept.add(key);

  const unnamed = new Map<string, UnnamedLayer>();
  for (const [key, { bytes, above, isPinned, isNamed }] of survey) {
    if (!isThere(key) || named.has(key) || isNamed) continue;
    const standing = above.filter((one) => !going.has(one.key));
    // What nothing needs is given up by collection, while it is noted.
    const isSpare = state.layers[key] !== undefined && !inChains.has(key);
    const isFixed = isPinned || isSpare || kept.has(key) || standing.length > 1;
    unnamed.set(key, { bytes, saves: standing[0]?.saves ?? bytes, isFixed });
  }
  return {
    unnamed,
    chains: chains.map(({ machine, steps }) =>
      steps.slice(1).map(
        (step): ChainPlace => ({
          key: step.key,
          redoMs: redoMs(state, machine, step),
          hasLayer: isThere(step.key),
        }),
      ),
    ),
  };
}

/** Layers that a checkpoint names: one of the lab, a manual one, or what a failed step left. */
export function namedLayers(state: LabState): ReadonlySet<string> {
  const declared = Object.values(state.resources.machine).flatMap((machine) => Object.values(machine.checkpoints));
  const failed = Object.values(state.resources.machine).flatMap((machine) => machine.failed?.layer ?? []);
  const taken = Object.values(state.checkpoints).flatMap((one) => Object.values(one.machines));
  return new Set([...declared, ...failed, ...taken.map(({ layer }) => layer)]);
}

/** What a machine has behind it, and what it had before it was restored manually. */
function stepsOf({ applied, above }: MachineState): readonly (readonly AppliedStep[])[] {
  return above ? [applied, above] : [applied];
}

/** Layers of a machine that stay, named or not. */
function keptOf(
  machine: MachineState,
  steps: readonly AppliedStep[],
  isThere: (key: string) => boolean,
): readonly string[] {
  const there = steps.filter(({ key }) => isThere(key)).map(({ key }) => key);
  const kept = [steps[0]?.key, machine.layer, machine.cutting?.key, ...there.slice(-newest)];
  for (const [index, { key, bound, expires }] of steps.entries()) {
    if (bound) kept.push(key);
    // The one before a step that runs again by the clock is gone back to, again and again.
    if (expires) kept.push(steps.slice(0, index).findLast((step) => isThere(step.key))?.key);
  }
  return kept.filter((key) => typeof key === 'string');
}

/** As it was measured; a step that was inherited, by the machine that ran it. */
function redoMs(state: LabState, { name }: MachineState, step: AppliedStep): number {
  const by = state.layers[step.key]?.machine;
  const known = state.durations[`step:${name}/${step.name}`] ?? state.durations[`step:${by}/${step.name}`];
  return known ?? Number.POSITIVE_INFINITY;
}
