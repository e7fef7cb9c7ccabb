import { diskOf } from './layer-disks.ts';
import { type RebaseOptions, rebaseLayer, settleRebased } from './rebase-layer.ts';
import { type SurveyedLayer, type SurveyOptions, surveyLayers } from './survey-layers.ts';

export interface CoalesceOptions extends SurveyOptions, RebaseOptions {
  readonly keys: readonly string[];
}

export interface Coalesced {
  /** Keys of the layers that are no more. */
  readonly keys: readonly string[];
  /** Bytes that are free by that; negative where several layers stood on one. */
  readonly bytes: number;
}

/**
 * Takes layers of one lab away, by giving what they hold to the layers above. A layer that another lab needs stays. At
 * any moment, every disk reads as before: the layers above are rewritten first, each in one step, and a layer goes
 * when a new look finds nothing that stands on it.
 *
 * @throws GoqemuError `coalesce-failed` with qemu-img's reason, `no-room`; what was done until then is done
 */
export async function coalesceLayers(options: CoalesceOptions): Promise<Coalesced> {
  const { store, lineage, keys, onStage } = options;
  for (const layer of await store.list())
    if (layer.manifest.owners.includes(lineage)) await settleRebased(layer, options.files);
  const found = await surveyLayers(options);
  const taken = new Set(keys.filter((key) => found.get(key)?.isPinned === false));
  let bytes = 0;
  for (const upper of found.values()) {
    if (taken.has(upper.layer.manifest.key)) continue;
    const target = firstThatStays(upper, found, taken);
    if (!target) continue;
    const purpose = { code: 'coalesce-failed', what: 'joined with that below' } as const;
    const done = await rebaseLayer({ store, layer: upper.layer, target }, purpose, options);
    bytes -= done.bytes.after - done.bytes.before;
  }
  const now = await surveyLayers(options);
  const gone = new Set<string>();
  for (const key of topDown(taken, now)) {
    const row = now.get(key);
    if (!row || row.isPinned || !row.above.every((upper) => gone.has(upper.key))) continue;
    options.signal?.throwIfAborted();
    if (!(await store.disown(key, lineage))) continue; // another lab uses it by now
    onStage?.('coalesce: a layer is gone');
    gone.add(key);
    bytes += row.bytes;
  }
  return { keys: [...gone], bytes };
}

/** What a layer is to stand on when those that are taken have gone; undefined when it stands on none of them. */
function firstThatStays(
  upper: SurveyedLayer,
  found: ReadonlyMap<string, SurveyedLayer>,
  taken: ReadonlySet<string>,
): { readonly file: string; readonly parent: string | null } | undefined {
  if (upper.parent === undefined || !taken.has(upper.parent)) return undefined;
  let below: string | undefined = upper.below;
  let parent: string | undefined = upper.parent;
  while (parent !== undefined && taken.has(parent)) {
    const row = found.get(parent);
    if (!row) break;
    ({ below, parent } = row);
  }
  const layer = parent === undefined ? undefined : found.get(parent)?.layer;
  if (layer) return { file: diskOf(layer), parent: layer.manifest.key };
  return below === undefined ? undefined : { file: below, parent: parent ?? null };
}

/** Those that stand on others first. */
function topDown(keys: ReadonlySet<string>, found: ReadonlyMap<string, SurveyedLayer>): readonly string[] {
  const height = (key: string): number => {
    const below = new Set<string>();
    for (let at = found.get(key)?.parent; at !== undefined && !below.has(at); at = found.get(at)?.parent) below.add(at);
    return below.size;
  };
  return [...keys].sort((a, b) => height(b) - height(a));
}
