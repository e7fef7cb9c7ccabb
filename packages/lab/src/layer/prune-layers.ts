import type { CollectedLayers, SurveyedLayer } from '../backend/backend.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { lockLab } from '../fork/lock-lab.ts';
import { copyState, type LabState, patchInPlace, type StatePatch } from '../state/lab-state.ts';
import { StateWriter } from '../state/state-writer.ts';
import { chooseLayers } from './choose-layers.ts';
import { coalesceLayers } from './coalesce-layers.ts';
import { idleLayers, neededLayers } from './collect-layers.ts';
import { layerFacts } from './layer-facts.ts';
import { defaultLayerLimits } from './layer-limits.ts';

/** The document of `checkpoint prune --json`. */
export interface PruneReport {
  readonly version: 1;
  readonly dryRun: boolean;
  /** Layers that went, or would go. */
  readonly removed: number;
  /** Layers that became, or would become, a part of the one above, because there are more than the lab wants. */
  readonly coalesced: number;
  /** Bytes that are free by both, with the RAM of layers that stay as a disk alone. */
  readonly bytes: number;
  /** Bytes that layers without a name take afterwards, and may take. */
  readonly unnamed: { readonly bytes: number; readonly budget: number };
}

/**
 * Gives up the layers that no machine and no checkpoint needs. They are kept otherwise, within a budget, for the case
 * that a change is taken back or a destroyed lab applied again. What is still beyond the lab's limits is coalesced.
 *
 * @throws GoqemuError `locked`; not for a dry run, which takes no lock and changes nothing
 */
export async function pruneLayers(
  context: EngineContext,
  options: { readonly dryRun: boolean; readonly signal: AbortSignal | undefined },
): Promise<PruneReport> {
  const { dryRun, signal } = options;
  if (dryRun) {
    const { state } = await context.read();
    const limits = state.layerLimits ?? defaultLayerLimits;
    const call = context.plainCall(state.lineage, 'layers', signal);
    const collected = await context.backend.collectLayers([...neededLayers(state)], call, { dryRun });
    const { removed, bytes } = collected;
    const survey = surveyAfter(await context.backend.surveyLayers(call), collected);
    const choice = chooseLayers(layerFacts(withoutIdle(state), survey), limits);
    const joins = context.backend.capabilities.coalesceLayers;
    return {
      version: 1,
      dryRun,
      removed,
      coalesced: joins ? choice.keys.length : 0,
      bytes: bytes + (joins ? choice.saves : 0),
      unnamed: { bytes: choice.bytes.unnamed, budget: limits.budget },
    };
  }
  await using _lock = await lockLab(context, 0, signal);
  const read = await context.read();
  const limits = read.state.layerLimits ?? defaultLayerLimits;
  const { budget } = limits;
  if (!read.exists) return { version: 1, dryRun, removed: 0, coalesced: 0, bytes: 0, unnamed: { bytes: 0, budget } };
  const writer = await StateWriter.open(context.storage, read, context.command);
  try {
    const idle = idleRows(writer.state);
    const call = context.plainCall(read.state.lineage, 'layers', signal);
    const { removed, bytes } = await context.backend.collectLayers([...neededLayers(writer.state)], call);
    if (Object.keys(idle.layers ?? {}).length > 0) await writer.note(idle);
    // With the last layer goes what was kept for it: the keys that let goqemu into its guest.
    if (Object.keys(writer.state.resources.machine).length === 0) await context.backend.dispose(call);
    const joined = await coalesceLayers({ backend: context.backend, writer, call }, limits, { look: 'always' });
    return {
      version: 1,
      dryRun,
      removed,
      coalesced: joined.coalesced,
      bytes: bytes + joined.bytes,
      unnamed: { bytes: joined.left?.unnamed ?? 0, budget },
    };
  } finally {
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
  }
}

/** What the state forgets with the layers that nothing needs. */
function idleRows(state: LabState): StatePatch {
  const rows = Object.fromEntries(idleLayers(state).map((key) => [key, null]));
  return { layers: rows, captures: rows };
}

/** The state as it is when these are forgotten. */
function withoutIdle(state: LabState): LabState {
  const copy = copyState(state);
  patchInPlace(copy, idleRows(state));
  return copy;
}

/** The lab's layers as a collection would leave them: what it only strips takes room still. */
function surveyAfter(
  survey: ReadonlyMap<string, SurveyedLayer>,
  { gone, stripped }: CollectedLayers,
): ReadonlyMap<string, SurveyedLayer> {
  const went = new Set(gone);
  const freed = new Map(stripped.map(({ key, bytes }) => [key, bytes]));
  return new Map(
    [...survey].flatMap(([key, layer]) => {
      if (went.has(key)) return [];
      const ram = freed.get(key);
      const saved = ({ saves, ...upper }: SurveyedLayer['above'][number]) => ({ ...upper, saves: saves - (ram ?? 0) });
      const above = layer.above.filter((upper) => !went.has(upper.key)).map(saved);
      const left = { ...layer, above, bytes: layer.bytes - (ram ?? 0) };
      return [[key, ram === undefined ? left : { ...left, isNamed: false }] as const];
    }),
  );
}
