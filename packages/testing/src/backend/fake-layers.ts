import type { LabScope, SurveyedLayer } from '@goqemu/lab';
import type { FakeHost } from './fake-host.ts';

/** The layers of a lab, with what stands on them. */
export function surveyFake(host: FakeHost, { lineage }: LabScope): ReadonlyMap<string, SurveyedLayer> {
  const pinned = new Set<string>();
  const pin = (start: string | undefined) => {
    for (let key = start; key !== undefined && !pinned.has(key); key = host.layers.get(key)?.stored.parent)
      pinned.add(key);
  };
  for (const [key, { owners }] of host.layers) if ([...owners].some((owner) => owner !== lineage)) pin(key);
  const direct = new Set<string>();
  for (const [id, { layer }] of host.machines) {
    if (layer === null) continue;
    direct.add(layer);
    if (!id.includes(`-${lineage}/`)) pin(layer);
  }
  const above = layersAbove(host);
  return new Map(
    [...host.layers]
      .filter(([, { owners }]) => owners.has(lineage))
      .map(([key, { stored }]) => [
        key,
        {
          key,
          ...(stored.parent === undefined ? {} : { parent: stored.parent }),
          bytes: stored.bytes,
          above: (above.get(key) ?? []).map((upper) => ({ key: upper, saves: stored.bytes })),
          isPinned: pinned.has(key) || direct.has(key),
          isNamed: stored.descriptions.length > 0,
        },
      ]),
  );
}

/** Keys of the layers that stand directly on each. */
export function layersAbove(host: FakeHost): Map<string, string[]> {
  const above = new Map<string, string[]>();
  for (const [key, { stored }] of host.layers) {
    if (stored.parent === undefined) continue;
    const standing = above.get(stored.parent);
    if (standing) standing.push(key);
    else above.set(stored.parent, [key]);
  }
  return above;
}

/** A layer's disk is rewritten, above another layer or the image. */
export function standOn(host: FakeHost, key: string, parent: string | undefined): void {
  const layer = host.layers.get(key);
  if (!layer) return;
  const { parent: _parent, ...stored } = layer.stored;
  layer.stored = { ...stored, ...(parent === undefined ? {} : { parent }) };
}
