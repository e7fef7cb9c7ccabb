import { formatByteSize } from '@goqemu/core';
import { optionalVerb } from '../backend/optional-verb.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { LabState } from '../state/lab-state.ts';
import { chooseLayers, type LayerChoice } from './choose-layers.ts';
import { layerFacts } from './layer-facts.ts';
import type { LayerLimits } from './layer-limits.ts';

/** What became of layers that were too many. */
export interface CoalesceOutcome {
  readonly coalesced: number;
  /** Bytes that are free by that. */
  readonly bytes: number;
  /** What the layers without a name take now; undefined where a look was not needed. */
  readonly left?: LayerChoice['bytes'];
}

/** Coalesces layers until the lab is within its limits, or nothing is left that may be touched. */
export async function coalesceLayers(
  { backend, writer, call }: Pick<ApplyContext, 'backend' | 'writer' | 'call'>,
  limits: LayerLimits,
  options: { readonly look?: 'always' | 'when-needed' } = {},
): Promise<CoalesceOutcome> {
  let coalesced = 0;
  let bytes = 0;
  const coalesce = optionalVerb(backend, 'coalesceLayers');
  if (options.look !== 'always' && (!coalesce || !mayExceed(writer.state, limits))) return { coalesced, bytes };
  let survey = await backend.surveyLayers(call);
  for (;;) {
    const choice = chooseLayers(layerFacts(writer.state, survey), limits);
    if (!coalesce || choice.keys.length === 0) return { coalesced, bytes, left: choice.bytes };
    call.progress({ kind: 'stage', stage: 'coalesce', status: 'started' });
    const done = await coalesce(choice.keys, call);
    call.progress({ kind: 'stage', stage: 'coalesce', status: 'done' });
    survey = await backend.surveyLayers(call);
    await writer.note({ layers: rowsAfter(writer.state, new Set(done.keys), survey) });
    coalesced += done.keys.length;
    bytes += done.bytes;
    // Another process has come to need what was chosen.
    if (done.keys.length === 0) return { coalesced, bytes, left: choice.bytes };
  }
}

/** Notes may say more than there is, since RAM is given up later; never much less. */
function mayExceed({ resources: { machine: machines }, layers }: LabState, limits: LayerLimits): boolean {
  const noted = Object.values(layers).reduce((sum, note) => sum + note.bytes, 0);
  if (noted > limits.budget) return true;
  return Object.values(machines).some(({ applied, above }) =>
    [applied, above ?? []].some((steps) => steps.slice(1).filter(({ key }) => layers[key]).length > limits.perMachine),
  );
}

function rowsAfter(
  state: LabState,
  gone: ReadonlySet<string>,
  survey: ReadonlyMap<string, { readonly bytes: number; readonly parent?: string }>,
): Record<string, LabState['layers'][string] | null> {
  const rows: Record<string, LabState['layers'][string] | null> = {};
  for (const [key, note] of Object.entries(state.layers)) {
    if (gone.has(key)) rows[key] = null;
    const found = survey.get(key);
    if (!gone.has(key) && found && note.parent !== null && gone.has(note.parent))
      rows[key] = { ...note, parent: found.parent ?? null, bytes: found.bytes };
  }
  return rows;
}

/** What people should know of it. */
export function tellCoalesced(
  context: Pick<EngineContext, 'emit'>,
  outcome: CoalesceOutcome,
  limits: LayerLimits,
): void {
  const { coalesced, bytes, left } = outcome;
  const layers = coalesced === 1 ? '1 layer was' : `${coalesced} layers were`;
  const free = bytes > 0 ? `, which frees ${formatByteSize(bytes)}` : '';
  if (coalesced > 0) {
    const message = `${layers} coalesced with those above${free}; to go back there, steps run again`;
    context.emit({ type: 'notice', code: 'layers-coalesced', message });
  }
  const message = overBudget(left, limits);
  if (message) context.emit({ type: 'notice', code: 'layers-over-budget', message, hint: overBudgetHint });
}

/** `layers without a name take 25 GiB, more than the budget of 20 GiB; …`, when they do. */
function overBudget(left: LayerChoice['bytes'] | undefined, { budget }: LayerLimits): string | undefined {
  if (!left || left.unnamed <= budget) return undefined;
  const [unnamed, fixed] = [left.unnamed, left.fixed].map(formatByteSize);
  return `layers without a name take ${unnamed}, more than the budget of ${formatByteSize(budget)}: machines stand on ${fixed} of it or go back there, and coalescing the rest would free nothing`;
}

const overBudgetHint =
  "allow more with layers: { budget: '40 GiB' } in defineLab, or take out what is not needed: checkpoints, forks, machines";
