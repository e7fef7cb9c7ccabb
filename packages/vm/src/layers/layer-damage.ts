import { join } from 'node:path';
import { statIfThere, systemErrorCode } from '@goqemu/core';
import { backingOf } from './backing-chain.ts';
import { type DiskHeader, readDiskHeader } from './disk-header.ts';
import type { Layer } from './layer.ts';
import { type LayerFile, ramParts } from './layer-manifest.ts';
import type { LayerReader } from './layer-reader.ts';

/** What is wrong with a layer's files, in words that begin with the file. */
export interface LayerDamage {
  /** The layer is lost: its steps have to run again. */
  readonly disk?: string;
  /** Its RAM is lost: it boots from the disk. */
  readonly ram?: string;
}

/** What was read already: layers of one lab stand on one another. */
export interface KnownDisks {
  readonly headers: Map<string, DiskHeader>;
  /** Bytes that the disks of layers should have, by their paths. */
  readonly sizes: Map<string, number | undefined>;
}

export function knownDisks(): KnownDisks {
  return { headers: new Map(), sizes: new Map() };
}

/**
 * Looks at every file that a restore will need, its own and those below its disk, as cheaply as a plan can afford: size,
 * time and header.
 */
export async function layerDamage(
  store: LayerReader,
  layer: Layer,
  known: KnownDisks = knownDisks(),
): Promise<LayerDamage> {
  const { variables } = layer.manifest;
  const path = join(layer.folder, layer.manifest.disk.name);
  const disk =
    diskDamage(path, layer.manifest.disk.size, known) ??
    (variables && (await fileDamage(store.pathOf(layer, variables), variables))) ??
    damageBelow(path, known, (below) => {
      if (!known.sizes.has(below)) known.sizes.set(below, store.sizeOf(below));
      return known.sizes.get(below);
    });
  const ram = await ramDamage(store, layer);
  return { ...(disk ? { disk } : {}), ...(ram ? { ram } : {}) };
}

/** RAM that was kept in memory and is gone with the host's last start is no damage. */
async function ramDamage(store: LayerReader, layer: Layer): Promise<string | undefined> {
  if (!(await store.hasRam(layer))) return undefined;
  for (const file of ramParts(layer.manifest) ?? []) {
    const damage = await fileDamage(store.pathOf(layer, file), file);
    if (damage) return damage;
  }
  return undefined;
}

/** What is wrong with a file that is to be as a manifest says. */
export async function fileDamage(path: string, file: LayerFile): Promise<string | undefined> {
  try {
    const found = await statIfThere(path);
    if (!found) return `${path} is missing`;
    if (!found.isFile()) return `${path} is not a file`;
    if (found.size !== file.size) return `${path} has ${found.size} bytes instead of ${file.size}`;
    if (file.modified !== undefined && found.mtimeMs !== file.modified)
      return `${path} was written to after the checkpoint was made`;
    return undefined;
  } catch (error) {
    return `${path} cannot be read (${systemErrorCode(error) ?? String(error)})`;
  }
}

/** Layers are qcow2 and as long as their manifests say; the image at the bottom may be raw. */
function damageBelow(disk: string, known: KnownDisks, sizeOf: (layerDisk: string) => number | undefined) {
  const seen = new Set<string>();
  let path = backingOf(headerOf(disk, known));
  while (path !== undefined && !seen.has(path)) {
    seen.add(path);
    const isLayer = layerDisk.test(path);
    const damage = diskDamage(path, isLayer ? sizeOf(path) : undefined, known, isLayer);
    if (damage) return `${damage}; ${disk} stands on that`;
    path = backingOf(headerOf(path, known));
  }
  return undefined;
}

const layerDisk = /[/\\][0-9a-f]{12}[/\\]disk-[^/\\]*\.qcow2$/;

function diskDamage(path: string, size: number | undefined, known: KnownDisks, isQcow2 = true): string | undefined {
  const header = headerOf(path, known);
  if (header.kind === 'missing') return `${path} is missing`;
  if (header.kind === 'raw' && isQcow2) return `${path} is no qcow2 image any more`;
  if (header.kind === 'damaged') return `${path} is damaged: ${header.reason}`;
  return size === undefined || header.size === size ? undefined : `${path} has ${header.size} bytes instead of ${size}`;
}

function headerOf(path: string, known: KnownDisks): DiskHeader {
  const present = known.headers.get(path);
  if (present) return present;
  const header = readDiskHeader(path);
  known.headers.set(path, header);
  return header;
}

/** Damage of a machine's own disk, or of what that stands on, by their headers. */
export function standingDamage(disk: string): string | undefined {
  const known = knownDisks();
  return diskDamage(disk, undefined, known) ?? damageBelow(disk, known, () => undefined);
}
