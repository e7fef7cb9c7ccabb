import { GoqemuError, lengthPrefixedDigest } from '@goqemu/core';
import { suggestion } from '../evaluate/lab-error.ts';
import type { AppliedStep, LabState, MachineState } from '../state/lab-state.ts';
import { withParents } from './checkpoint-tree.ts';
import type { FoundCheckpoint } from './found-checkpoint.ts';

/** What the checkpoint of machines whose steps failed is called. */
const failedDescription = 'failed';

/** What failed steps left, manual checkpoints, oldest first, then those that the lab declares. */
export function allCheckpoints(state: LabState): readonly FoundCheckpoint[] {
  const taken = Object.values(state.checkpoints)
    .map((checkpoint): FoundCheckpoint => ({ ...checkpoint, origin: 'taken', parent: null }))
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  const names = [...new Set(restorable(state).flatMap((machine) => Object.keys(machine.checkpoints)))].sort();
  const declared = names.map((name) => declaredCheckpoint(state, name));
  return withParents(state, [...failedCheckpoint(state), ...taken, ...declared]);
}

/** What failed steps left on machines is one checkpoint, whichever of them failed; none when nothing is kept. */
function failedCheckpoint(state: LabState): readonly FoundCheckpoint[] {
  const kept = restorable(state).flatMap(({ name, failed }) => (failed ? [[name, failed] as const] : []));
  if (kept.length === 0) return [];
  const layers = kept.map(([, { layer }]) => layer).sort();
  const at = kept.map(([, failed]) => failed.at).sort();
  return [
    {
      id: lengthPrefixedDigest(['goqemu-failed', state.lineage, ...layers]).slice(0, 8),
      origin: 'failed',
      description: failedDescription,
      createdAt: at.at(-1) ?? '',
      parent: null,
      machines: Object.fromEntries(kept.map(([name, { layer, applied }]) => [name, { layer, applied }])),
    },
  ];
}

/** How what a failed step left is found: by its id when a checkpoint of the lab has the same name. */
export function failedName(state: LabState): string {
  const named = allCheckpoints(state).filter(({ description }) => description === failedDescription);
  return named.length === 1 ? failedDescription : (named[0]?.id ?? failedDescription);
}

/** A template is a base for machines: there is no going back to a checkpoint of it. */
function restorable(state: LabState): readonly MachineState[] {
  return Object.values(state.resources.machine).filter((machine) => machine.spec.kind !== 'template');
}

function declaredCheckpoint(state: LabState, name: string): FoundCheckpoint {
  const machines: Record<string, { layer: string; applied: readonly AppliedStep[] }> = {};
  for (const machine of restorable(state)) {
    const layer = Object.hasOwn(machine.checkpoints, name) ? machine.checkpoints[name] : undefined;
    if (layer === undefined) continue;
    const steps = [...machine.applied, ...(machine.above ?? []).slice(machine.applied.length)];
    const index = steps.findIndex((step) => step.key === layer);
    if (index >= 0) machines[machine.name] = { layer, applied: steps.slice(0, index + 1) };
  }
  return { id: declaredId(state, name), origin: 'declared', description: name, createdAt: '', parent: null, machines };
}

function declaredId(state: LabState, name: string): string {
  return lengthPrefixedDigest(['goqemu-declared', state.lineage, name]).slice(0, 8);
}

/** By id, by the beginning of an id, or by name; names go before ids. @throws GoqemuError `checkpoint-unknown`, `checkpoint-ambiguous` */
export function findCheckpoint(state: LabState, wanted: string): FoundCheckpoint {
  const all = allCheckpoints(state);
  const byName = all.filter((one) => one.description === wanted);
  const matches =
    byName.length > 0 ? byName.slice(-1) : all.filter((one) => wanted.length >= 4 && one.id.startsWith(wanted));
  const [found] = matches;
  if (found && matches.length === 1) return found;
  throw new GoqemuError({
    code: found ? 'checkpoint-ambiguous' : 'checkpoint-unknown',
    source: 'user',
    subject: wanted,
    message: found ? `more than one checkpoint begins with "${wanted}"` : `no checkpoint is called "${wanted}"`,
    hint: suggestion(
      wanted,
      all.map((one) => one.description),
    ),
  });
}
