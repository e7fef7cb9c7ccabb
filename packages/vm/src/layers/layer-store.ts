import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GoqemuError, systemErrorCode, writeFileAtomic } from '@goqemu/core';
import { backingChain, isQcow2 } from './backing-chain.ts';
import { type LayerManifest, layerManifestSchema } from './layer-manifest.ts';

/** A layer and where its files are. */
export interface Layer {
  readonly manifest: LayerManifest;
  readonly folder: string;
}

/**
 * The layers in `~/qemu/snapshots`, one folder each, named by the first 12 digits of the key.
 * Disks and RAM are never changed once a manifest names them.
 */
export class LayerStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  folderOf(key: string): string {
    return join(this.folder, layerId(key));
  }

  async find(key: string): Promise<Layer | undefined> {
    const layer = await this.#read(layerId(key));
    return layer?.manifest.key === key ? layer : undefined;
  }

  /**
   * @throws GoqemuError `layer-missing`
   */
  async get(key: string): Promise<Layer> {
    const layer = await this.find(key);
    if (layer) return layer;
    throw new GoqemuError({
      code: 'layer-missing',
      source: 'environment',
      subject: layerId(key),
      message: `checkpoint ${layerId(key)} is not in ${this.folder}`,
      hint: 'plan again: what is missing is built anew',
    });
  }

  /** By age, oldest first. Folders without a readable manifest are not layers. */
  async list(): Promise<readonly Layer[]> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return [];
      throw error;
    });
    const layers = await Promise.all(names.filter((name) => /^[0-9a-f]{12}$/.test(name)).map((id) => this.#read(id)));
    return layers
      .filter((layer) => layer !== undefined)
      .sort((a, b) => a.manifest.createdAt.localeCompare(b.manifest.createdAt));
  }

  /** An empty folder for a layer that is being cut; what an earlier try left there without a manifest goes. */
  async prepare(key: string): Promise<string> {
    const folder = this.folderOf(key);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  async write(manifest: LayerManifest): Promise<Layer> {
    const folder = this.folderOf(manifest.key);
    await writeFileAtomic(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    return { manifest, folder };
  }

  /** Notes that a lab uses a layer, so that another lab's collection leaves it alone. */
  async adopt(layer: Layer, lineage: string): Promise<Layer> {
    if (layer.manifest.owners.includes(lineage)) return layer;
    return this.write({ ...layer.manifest, owners: [...layer.manifest.owners, lineage] });
  }

  /** Takes a layer's manifest first, so that a crash in between leaves no layer that promises what is gone. */
  async remove(key: string): Promise<void> {
    const folder = this.folderOf(key);
    await rm(join(folder, 'manifest.json'), { force: true });
    await rm(folder, { recursive: true, force: true });
  }

  /** Gives up the RAM of a layer; its disk stays. */
  async dropRam(layer: Layer): Promise<Layer> {
    const { ram, state, ...rest } = layer.manifest;
    if (!ram && !state) return layer;
    const written = await this.write(rest);
    for (const file of [ram, state]) if (file) await rm(join(layer.folder, file.name), { force: true });
    return written;
  }

  /**
   * Looks at every file that a restore will need, before anything is stopped: its own, and those below its disk.
   *
   * @throws GoqemuError `layer-damaged` naming the file
   */
  async check(layer: Layer): Promise<void> {
    const { disk, ram, state } = layer.manifest;
    const path = join(layer.folder, disk.name);
    if ((await isQcow2(path)) === false) throw damaged(layer, `${path} is no qcow2 image any more`);
    for (const file of [disk, ram, state]) {
      if (!file) continue;
      const path = join(layer.folder, file.name);
      const found = await stat(path).catch(() => undefined);
      if (!found) throw damaged(layer, `${path} is missing`);
      if (found.size !== file.size) throw damaged(layer, `${path} has ${found.size} bytes instead of ${file.size}`);
      if (file.modified !== undefined && found.mtimeMs !== file.modified)
        throw damaged(layer, `${path} was written to after the checkpoint was made`);
    }
    for (const below of await backingChain(path))
      if (!(await stat(below).catch(() => undefined)))
        throw damaged(layer, `${below}, which its disk stands on, is missing`);
  }

  /** Where the RAM and the device state of a layer are; of no use for one that holds neither. */
  ramFiles({ folder, manifest }: Layer): { readonly ram: string; readonly state: string } {
    return { ram: join(folder, manifest.ram?.name ?? ''), state: join(folder, manifest.state?.name ?? '') };
  }

  /** Bytes that the layer's own files take on the disk. */
  async bytes(layer: Layer): Promise<number> {
    const files = [layer.manifest.disk, layer.manifest.ram, layer.manifest.state].filter((file) => file !== undefined);
    const found = await Promise.all(files.map(({ name }) => stat(join(layer.folder, name)).catch(() => undefined)));
    return found.reduce((sum, file) => sum + (file ? file.blocks * 512 : 0), 0);
  }

  async #read(id: string): Promise<Layer | undefined> {
    const folder = join(this.folder, id);
    const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const parsed = layerManifestSchema.safeParse(parseJson(text));
    return parsed.success && parsed.data.id === id ? { manifest: parsed.data, folder } : undefined;
  }
}

function damaged(layer: Layer, what: string): GoqemuError {
  return new GoqemuError({
    code: 'layer-damaged',
    source: 'environment',
    subject: layer.manifest.id,
    message: `checkpoint ${layer.manifest.id} is damaged: ${what}`,
    hint: `nothing was changed; remove it with: goqemu checkpoint delete ${layer.manifest.id}`,
  });
}

/** The short id that people type. */
export function layerId(key: string): string {
  return key.slice(0, 12);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
