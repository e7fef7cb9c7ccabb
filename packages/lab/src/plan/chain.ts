import { changesDisk } from '@goqemu/spec';
import type { AppliedStep } from '../state/lab-state.ts';
import type { ChainLink } from './desired-machine.ts';

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
  return chain.slice(0, index + 1).map(appliedStep);
}

/** What the state keeps of a step. */
export function appliedStep({ key, name, summary, bound, expires }: ChainLink): AppliedStep {
  return { key, name, summary, ...(bound ? { bound } : {}), ...(expires ? { expires } : {}) };
}

/**
 * The layer of what a machine is at a place of its chain: that of the step there, or, where the steps there leave
 * nothing on the disk, of the one before these. Undefined when there is none: it was coalesced, or is yet to be cut.
 */
export function layerAt(
  chain: readonly ChainLink[],
  index: number,
  isThere: (key: string) => boolean,
): string | undefined {
  for (let at = index; at >= 0; at--) {
    const link = chain[at];
    if (!link) return undefined;
    if (isThere(link.key)) return link.key;
    if (changesDisk(link.step)) return undefined;
  }
  return undefined;
}

/** The first place that has a name in the lab and no layer to give it to; the length of the chain when there is none. */
export function firstNameless(chain: readonly ChainLink[], isThere: (key: string) => boolean): number {
  const found = chain.findIndex(
    (link, index) => link.checkpoints.length > 0 && layerAt(chain, index, isThere) === undefined,
  );
  return found < 0 ? chain.length : found;
}

export function namesUpTo(
  chain: readonly ChainLink[],
  have: number,
  isThere: (key: string) => boolean,
): Readonly<Record<string, string>> {
  const named: Record<string, string> = {};
  for (const [index, link] of chain.slice(0, have).entries()) {
    const layer = layerAt(chain, index, isThere);
    if (layer !== undefined) for (const name of link.checkpoints) named[name] = layer;
  }
  return named;
}

/** The names that the lab gives to a place, as a plan shows them. */
export function checkpointAt(link: ChainLink | undefined): { readonly checkpoint?: string } {
  return link && link.checkpoints.length > 0 ? { checkpoint: link.checkpoints.join(', ') } : {};
}

/** The step at a place, as an operation names it. */
export function stepOf(link: ChainLink | undefined): { readonly step?: string } {
  return link === undefined ? {} : { step: link.name };
}
