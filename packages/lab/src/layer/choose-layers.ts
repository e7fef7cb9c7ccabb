import type { LayerLimits } from './layer-limits.ts';

/** A layer without a name, as far as the choice goes. */
export interface UnnamedLayer {
  /** On the disk, RAM included. */
  readonly bytes: number;
  /** Bytes that are free once it is a part of the layer above. */
  readonly saves: number;
  /** It stays, whatever it takes. */
  readonly isFixed: boolean;
}

/** A step of a machine. */
export interface ChainPlace {
  readonly key: string;
  /** How long running the step again takes, in milliseconds; `Infinity` when unknown. */
  readonly redoMs: number;
  /** Whether its layer is there, with or without a name. */
  readonly hasLayer: boolean;
}

export interface LayerFacts {
  readonly unnamed: ReadonlyMap<string, UnnamedLayer>;
  /** The steps of each machine, in order. */
  readonly chains: readonly (readonly ChainPlace[])[];
}

export interface LayerChoice {
  /** Layers to be coalesced with those above them. */
  readonly keys: readonly string[];
  /** Bytes that this frees. */
  readonly saves: number;
  /** Bytes that layers without a name take then, and how much of that may not be touched. */
  readonly bytes: { readonly unnamed: number; readonly fixed: number };
}

/**
 * Which layers are given up, so that no machine keeps more layers of steps without a name than the limit and all of
 * them stay within the budget. Those go first whose loss costs least: the time that it then takes to come back, from the
 * layer below, to each of the places above it; for the budget by the bytes that are freed. So short steps go before long
 * ones, and equal ones evenly.
 */
export function chooseLayers({ unnamed, chains }: LayerFacts, limits: LayerLimits): LayerChoice {
  const chosen = new Set<string>();
  const isFree = (key: string) => unnamed.get(key)?.isFixed === false && !chosen.has(key);
  const chainsOf = new Map<string, (readonly ChainPlace[])[]>();
  for (const chain of chains) {
    for (const { key } of chain) {
      const own = chainsOf.get(key);
      if (own) own.push(chain);
      else chainsOf.set(key, [chain]);
    }
  }
  const loss = (key: string) => Math.max(0, ...(chainsOf.get(key) ?? []).map((chain) => lossMs(chain, key, chosen)));

  for (const chain of chains) {
    for (;;) {
      const kept = chain.filter(({ key }) => unnamed.has(key) && !chosen.has(key));
      if (kept.length <= limits.perMachine) break;
      const candidates = kept.map(({ key }) => key).filter(isFree);
      const [cheapest] = cheapestFirst(candidates, (key) => lossMs(chain, key, chosen));
      if (cheapest === undefined) break;
      chosen.add(cheapest);
    }
  }

  const savesOf = (key: string) => unnamed.get(key)?.saves ?? 0;
  const total = [...unnamed.values()].reduce((sum, layer) => sum + layer.bytes, 0);
  let bytes = [...chosen].reduce((sum, key) => sum - savesOf(key), total);
  for (let progress = true; progress && bytes > limits.budget; ) {
    progress = false;
    // What one choice makes dearer is looked at again in the next round.
    const touched = new Set<readonly ChainPlace[]>();
    const candidates = [...unnamed.keys()].filter((key) => isFree(key) && savesOf(key) > 0);
    for (const key of cheapestFirst(candidates, (one) => loss(one) / savesOf(one))) {
      const own = chainsOf.get(key) ?? [];
      if (bytes <= limits.budget || own.some((chain) => touched.has(chain))) continue;
      chosen.add(key);
      bytes -= savesOf(key);
      progress = true;
      for (const chain of own) touched.add(chain);
    }
  }
  const fixed = [...unnamed.values()].reduce((sum, layer) => sum + (layer.isFixed ? layer.bytes : 0), 0);
  return { keys: [...chosen], saves: total - bytes, bytes: { unnamed: bytes, fixed } };
}

/** How much longer it takes, in all, to come to each of the places that are reached from a layer. */
function lossMs(chain: readonly ChainPlace[], key: string, chosen: ReadonlySet<string>): number {
  const isLayer = (place: ChainPlace) => place.hasLayer && !chosen.has(place.key);
  const index = chain.findIndex((place) => place.key === key);
  const below = chain.slice(0, index).findLastIndex(isLayer);
  const above = chain.findIndex((place, at) => at > index && isLayer(place));
  const redo = chain.slice(below + 1, index + 1).reduce((sum, place) => sum + place.redoMs, 0);
  return redo * ((above < 0 ? chain.length : above) - index);
}

/** Of equals, the one that comes first. */
function cheapestFirst(keys: readonly string[], cost: (key: string) => number): readonly string[] {
  return keys
    .map((key) => ({ key, cost: cost(key) }))
    .sort((a, b) => (a.cost === b.cost ? 0 : a.cost - b.cost))
    .map(({ key }) => key);
}
