import type { FlattenedLayer, StoredLayer } from '@goqemu/lab';
import { hostArchitecture } from '@goqemu/spec';
import { flattenLayer, qemuImgOf, type VmHost } from '@goqemu/vm';
import { storedLayer } from './stored-layer.ts';

/** Names a layer, or takes its names away. */
export async function describeLayer(
  { layers }: VmHost,
  key: string,
  descriptions: readonly string[],
): Promise<StoredLayer> {
  return storedLayer(
    layers,
    await layers.change(key, (manifest) => ({ ...manifest, descriptions: [...descriptions] })),
  );
}

/** Writes the disk of a layer as one file on its image. */
export async function flattenStored(host: VmHost, key: string, signal?: AbortSignal): Promise<FlattenedLayer> {
  const { layers, platform } = host;
  const layer = await layers.get(key);
  const arch = hostArchitecture(platform.arch);
  const done = await flattenLayer(layers, layer, {
    qemuImg: () => qemuImgOf(host, arch, signal),
    ...(signal ? { signal } : {}),
  });
  if (done) return { depth: done.depth, bytes: done.bytes };
  const bytes = await layers.diskBytes(layer);
  return { depth: 0, bytes: { before: bytes, after: bytes } };
}
