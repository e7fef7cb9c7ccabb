import { GoqemuError, lengthPrefixedDigest } from '@goqemu/core';
import { suggestion } from '../evaluate/lab-error.ts';
import type { AppliedStep, LabState, MachineState } from '../state/lab-state.ts';

/** A checkpoint by hand, or a name that the lab gives to layers of its machines. */
export interface FoundCheckpoint {
  readonly id: string;
  readonly origin: 'declared' | 'taken';
  readonly description: string;
  readonly createdAt: string;
  readonly parent: string | null;
  readonly machines: Readonly<Record<string, { readonly layer: string; readonly applied: readonly AppliedStep[] }>>;
}

/** Those taken by hand, oldest first, then those that the lab declares. */
export function allCheckpoints(state: LabState): readonly FoundCheckpoint[] {
  const taken = Object.values(state.checkpoints)
    .map((checkpoint): FoundCheckpoint => ({ ...checkpoint, origin: 'taken' }))
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  const names = [...new Set(restorable(state).flatMap((machine) => Object.keys(machine.checkpoints)))].sort();
  return [...taken, ...names.map((name) => declaredCheckpoint(state, name))];
}

/** A template is a base for machines: nobody goes back to a checkpoint of it. */
function restorable(state: LabState): readonly MachineState[] {
  return Object.values(state.machines).filter((machine) => machine.spec.kind !== 'template');
}

function declaredCheckpoint(state: LabState, name: string): FoundCheckpoint {
  const machines: Record<string, { layer: string; applied: readonly AppliedStep[] }> = {};
  let parent: string | null = null;
  for (const machine of restorable(state)) {
    const layer = Object.hasOwn(machine.checkpoints, name) ? machine.checkpoints[name] : undefined;
    if (layer === undefined) continue;
    const steps = [...machine.applied, ...(machine.above ?? []).slice(machine.applied.length)];
    const index = steps.findIndex((step) => step.key === layer);
    if (index >= 0) machines[machine.name] = { layer, applied: steps.slice(0, index + 1) };
    parent ??= nameBelow(state, machine, steps.slice(0, Math.max(index, 0)));
  }
  return { id: declaredId(state, name), origin: 'declared', description: name, createdAt: '', parent, machines };
}

/** The id of the checkpoint that the lab declares nearest below, on the same machine. */
function nameBelow(state: LabState, machine: MachineState, steps: readonly AppliedStep[]): string | null {
  const named = new Map(Object.entries(machine.checkpoints).map(([name, layer]) => [layer, name]));
  const below = steps.findLast((step) => named.has(step.key));
  return below ? declaredId(state, named.get(below.key) ?? '') : null;
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

/** Of a checkpoint that lacks the layer of a machine. */
export function checkpointDamaged({ id, origin, description }: FoundCheckpoint, machine: string): GoqemuError {
  return new GoqemuError({
    code: 'checkpoint-damaged',
    source: 'environment',
    subject: machine,
    message: `the checkpoint "${description}" of ${machine} is no longer in the store, or is damaged`,
    hint:
      origin === 'declared'
        ? 'nothing was changed; goqemu apply makes it again'
        : `nothing was changed; forget it with: goqemu checkpoint delete ${id}`,
  });
}
