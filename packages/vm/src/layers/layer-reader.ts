import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { copyPath, folderNames, type KeptTwice, parseJson, readOwnText, readTwice, statIfThere } from '@goqemu/core';
import { type Layer, layerId } from './layer.ts';
import { ownDisks } from './layer-disks.ts';
import { type LayerFile, type LayerManifest, layerManifestSchema, type RamFiles, ramParts } from './layer-manifest.ts';

export const manifestName = 'manifest.json';

/** The layers of a folder as their manifests have them, and where their files lie. Changes nothing. */
export class LayerReader {
  readonly folder: string;
  /** Where RAM lies that is kept in memory: gone with the next start of the host, and then the disk is what is left. */
  readonly memoryFolder: string;

  /** @param memoryFolder on a file system in memory. Default: below `/dev/shm` */
  constructor(folder: string, memoryFolder = join('/dev/shm', `goqemu-${digestOf(folder)}`)) {
    this.folder = folder;
    this.memoryFolder = memoryFolder;
  }

  folderOf(key: string): string {
    return join(this.folder, layerId(key));
  }

  /** As the manifest has it, whatever became of its files. */
  async present(key: string): Promise<Layer | undefined> {
    const layer = await this.#read(layerId(key));
    return layer?.manifest.key === key ? layer : undefined;
  }

  /** By age, oldest first. Folders without a readable manifest are not layers. */
  async list(): Promise<readonly Layer[]> {
    const names = await folderNames(this.folder);
    const layers = await Promise.all(names.filter((name) => /^[0-9a-f]{12}$/.test(name)).map((id) => this.#read(id)));
    return layers
      .filter((layer) => layer !== undefined)
      .sort((a, b) => a.manifest.createdAt.localeCompare(b.manifest.createdAt));
  }

  /** Bytes that the disk of a layer should have; undefined for a file that is none by its manifest, or not any more. */
  sizeOf(path: string): number | undefined {
    const manifest = this.#manifest(basename(dirname(path)))?.value;
    return manifest?.disk.name === basename(path) ? manifest.disk.size : undefined;
  }

  /** Where the RAM and the device state of a layer are; of no use for one that holds neither. */
  ramFiles(layer: Layer): RamFiles {
    const [ram = '', state = ram] = (ramParts(layer.manifest) ?? []).map((file) => this.pathOf(layer, file));
    return { form: layer.manifest.ram?.form ?? 'devices', ram, state };
  }

  /** False when RAM that was kept in memory did not outlive the host's last start. */
  async hasRam(layer: Layer): Promise<boolean> {
    const [ram] = ramParts(layer.manifest) ?? [];
    if (!ram) return false;
    if (ram.store !== 'memory') return true;
    return (await statIfThere(this.pathOf(layer, ram))) !== undefined;
  }

  /** Where a file of a layer lies. */
  pathOf(layer: Layer, file: LayerFile): string {
    return join(file.store === 'memory' ? join(this.memoryFolder, layer.manifest.id) : layer.folder, file.name);
  }

  /** Bytes that the layer's own files take on the disk. */
  async bytes(layer: Layer): Promise<number> {
    const { variables, ram, state } = layer.manifest;
    const files = [variables, ram, state].filter((file) => file !== undefined);
    return (await this.diskBytes(layer)) + (await bytesOf(files.map((file) => this.pathOf(layer, file))));
  }

  /** Bytes that the layer's own disk takes: one that was cut again stands on former ones. */
  async diskBytes(layer: Layer): Promise<number> {
    return await bytesOf(await ownDisks(layer));
  }

  /** The file that makes layers of the parts of a cut. */
  protected groupFile(id: string): string {
    return join(this.folder, 'groups', `${id}.json`);
  }

  async #read(id: string): Promise<Layer | undefined> {
    const found = this.#manifest(id);
    if (!found?.value) return undefined;
    const { group } = found.value;
    // The copy is written when all of the group are layers: it says as much as the group's own file.
    if (group && !this.isComplete(group) && !this.#hasCopy(id)) return undefined;
    const damage = found.damage ? { manifestDamage: found.damage } : {};
    return { manifest: found.value, folder: join(this.folder, id), ...damage };
  }

  #manifest(id: string): KeptTwice<LayerManifest> | undefined {
    return readTwice(join(this.folder, id, manifestName), (text) => {
      const parsed = layerManifestSchema.safeParse(parseJson(text));
      return parsed.success && parsed.data.id === id ? parsed.data : undefined;
    });
  }

  #hasCopy(id: string): boolean {
    return readOwnText(copyPath(join(this.folder, id, manifestName))) !== undefined;
  }

  protected isComplete(group: string): boolean {
    return existsSync(this.groupFile(group));
  }
}

async function bytesOf(files: readonly string[]): Promise<number> {
  const found = await Promise.all(files.map((file) => statIfThere(file)));
  return found.reduce((sum, file) => sum + (file?.blocks ?? 0) * 512, 0);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
