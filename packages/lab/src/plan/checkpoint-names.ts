import type { MachineState } from '../state/lab-state.ts';
import { namesUpTo } from './chain.ts';
import type { DesiredMachine } from './desired-machine.ts';
import type { PlanContext } from './plan-context.ts';

/** Names that the update itself accounts for; those of steps still to run come with these. */
export function expectedNames(
  recorded: MachineState,
  checkpoints: Readonly<Record<string, string>>,
  desired: DesiredMachine,
  have: number,
): readonly string[] {
  const later = new Set(desired.chain.slice(have).flatMap((link) => link.checkpoints));
  const kept = Object.keys(recorded.checkpoints).filter((name) => later.has(name));
  return [...new Set([...Object.keys(checkpoints), ...kept])].sort();
}

export function describeChanges(
  context: PlanContext,
  recorded: MachineState,
  checkpoints: Readonly<Record<string, string>>,
  name: string,
): readonly { layer: string; descriptions: readonly string[] }[] {
  const { stored } = context.facts;
  const changes: { layer: string; descriptions: readonly string[] }[] = [];
  for (const [checkpoint, layer] of Object.entries(recorded.checkpoints)) {
    const descriptions = stored.get(layer)?.descriptions ?? [];
    if (checkpoints[checkpoint] === layer || descriptions[0] !== checkpoint || descriptions[1] !== recorded.name)
      continue;
    if (!Object.values(checkpoints).includes(layer)) changes.push({ layer, descriptions: [] });
  }
  for (const [checkpoint, layer] of Object.entries(checkpoints)) {
    if (recorded.checkpoints[checkpoint] === layer) continue;
    const descriptions = stored.get(layer)?.descriptions ?? [];
    if (descriptions.length === 0 || descriptions[1] === recorded.name)
      changes.push({ layer, descriptions: [checkpoint, name] });
  }
  return changes;
}

/** Declared names whose layers are there once the first `have` links are: a wait without a layer takes the one below. */
export function checkpointsUpTo(
  context: PlanContext,
  desired: DesiredMachine,
  have: number,
): Readonly<Record<string, string>> {
  const { stored } = context.facts;
  return namesUpTo(desired.chain, have, (key) => stored.has(key));
}
