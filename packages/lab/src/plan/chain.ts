import type { AppliedStep } from '../state/lab-state.ts';
import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import type { PlanContext } from './plan-context.ts';

/** How many links from the beginning a machine has in common with what the lab wants. */
export function commonLength(applied: readonly AppliedStep[], chain: readonly ChainLink[]): number {
  let length = 0;
  while (length < applied.length && applied[length]?.key === chain[length]?.key) length++;
  return length;
}

export function lastCut(chain: readonly ChainLink[]): number {
  return chain.findLastIndex((link) => link.cut);
}

export function appliedUpTo(chain: readonly ChainLink[], index: number): readonly AppliedStep[] {
  return chain.slice(0, index + 1).map(({ key, name, summary }) => ({ key, name, summary }));
}

/** Declared names whose layers are there once the first `have` links are: a wait without a layer takes the one below. */
export function checkpointsUpTo(
  context: PlanContext,
  desired: DesiredMachine,
  have: number,
): Readonly<Record<string, string>> {
  const named: Record<string, string> = {};
  let below: string | undefined;
  for (const link of desired.chain.slice(0, have)) {
    if (context.facts.stored.has(link.key)) below = link.key;
    if (below !== undefined) for (const name of link.checkpoints) named[name] = below;
  }
  return named;
}
