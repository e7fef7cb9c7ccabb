import type { ChainLink } from './desired-machine.ts';
import type { PlanContext } from './plan-context.ts';

/** A step that runs, or a layer further on that is there already; `index` is the place that is reached. */
export interface WayPart {
  readonly kind: 'run' | 'restore';
  readonly index: number;
  /** Whether a layer is there once everything up to this part is done. */
  readonly isThere: (key: string) => boolean;
}

/**
 * How a machine comes from a place in its chain to the end. Steps run; where a layer was made again for the sake of its
 * name, the machine continues from the furthest layer above it: nothing is run twice that gives output, or has to do
 * with other machines.
 *
 * @param have how many links are behind it
 */
export function wayOn(
  context: PlanContext,
  chain: readonly ChainLink[],
  have: number,
  layers = true,
): readonly WayPart[] {
  const { stored } = context.facts;
  const parts: WayPart[] = [];
  let isThere = (key: string) => stored.has(key);
  for (let index = Math.max(have, 1); index < chain.length; index++) {
    const link = chain[index];
    if (!link?.step) continue;
    parts.push({ kind: 'run', index, isThere });
    if (!layers || !link.cut || stored.has(link.key)) continue;
    const before = isThere;
    isThere = (key) => key === link.key || before(key);
    const further = context.furthestUsable(chain, isThere);
    if (further <= index) continue;
    parts.push({ kind: 'restore', index: further, isThere });
    index = further;
  }
  return parts;
}
