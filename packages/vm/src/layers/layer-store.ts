import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  acquireFileLock,
  copyPath,
  folderNames,
  GoqemuError,
  type KeptTwice,
  makePrivateFolder,
  parseJson,
  readOwnText,
  readTwice,
  removeFile,
  removeTree,
  removeTreeUnlessHeld,
  removeTwice,
  statIfThere,
  systemErrorCode,
  writeCopy,
  writeOwnFile,
  writeTwice,
} from '@goqemu/core';
import { type KnownDisks, type LayerDamage, layerDamage } from './layer-damage.ts';
import { type LayerFile, type LayerManifest, layerManifestSchema, type RamFiles, ramParts } from './layer-manifest.ts';

/** A layer and where its files are. */
export interface Layer {
  readonly manifest: LayerManifest;
  readonly folder: string;
  /** Why it has no RAM although it was kept. */
  readonly lostRam?: string;
  /** What is wrong with its manifest, which its copy tells all the same. */
  readonly manifestDamage?: string;
}

export interface FindOptions {
  readonly known?: KnownDisks;
  /** Called for a layer of which something is lost. */
  readonly onDamage?: (layer: Layer, damage: LayerDamage) => void;
}

/** Milliseconds to wait for another who changes a manifest, which takes some of them. */
const turnMs = 10_000;

/**
 * The layers in `~/qemu/snapshots`, one folder each, named by the first 12 digits of the key.
 * Disks and RAM are never changed once a manifest names them.
 */
export class LayerStore {
  readonly folder: string;
  /** Where RAM lies that is kept in memory: gone with the next start of the host, and then the disk is what is left. */
  readonly memoryFolder: string;

  readonly #trace: (stage: string) => void;

  /**
   * @param memoryFolder on a file system in memory. Default: below `/dev/shm`
   * @param trace called with how far a removal is, for the debug log
   */
  constructor(
    folder: string,
    memoryFolder = join('/dev/shm', `goqemu-${digestOf(folder)}`),
    trace: (stage: string) => void = () => undefined,
  ) {
    this.folder = folder;
    this.memoryFolder = memoryFolder;
    this.#trace = trace;
  }

  folderOf(key: string): string {
    return join(this.folder, layerId(key));
  }

  /**
   * A layer that can be restored: one whose disk is damaged counts as lost, and RAM that is damaged as never kept.
   *
   * @param known what was read of disks, for a caller that looks for many layers at once
   */
  async find(key: string, { known, onDamage }: FindOptions = {}): Promise<Layer | undefined> {
    const layer = await this.#present(key);
    if (!layer) return undefined;
    const damage = await layerDamage(this, layer, known);
    if (damage.disk || damage.ram) onDamage?.(layer, damage);
    if (damage.disk) return undefined;
    return damage.ram ? { ...layer, manifest: withoutRam(layer.manifest), lostRam: damage.ram } : layer;
  }

  /**
   * A layer that can be restored, see `find`.
   *
   * @throws GoqemuError `layer-missing`; `layer-damaged` naming the file
   */
  async get(key: string): Promise<Layer> {
    let damage: LayerDamage = {};
    const layer = await this.find(key, {
      onDamage: (_layer, found) => {
        damage = found;
      },
    });
    if (layer) return layer;
    if (damage.disk) throw damaged(layerId(key), damage.disk);
    throw missing(layerId(key), this.folder);
  }

  /** As the manifest has it, whatever became of its files. */
  async #present(key: string): Promise<Layer | undefined> {
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

  /** An empty folder for a layer that is being cut; what an earlier try left there without a manifest goes. */
  async prepare(key: string): Promise<string> {
    const folder = this.folderOf(key);
    await makePrivateFolder(folder);
    return folder;
  }

  /** A part of a group gets the copy of its manifest with the others, when all of them are layers. */
  async write(manifest: LayerManifest): Promise<Layer> {
    const folder = this.folderOf(manifest.key);
    const path = join(folder, manifestName);
    const counts = manifest.group === undefined || this.#isComplete(manifest.group);
    await (counts ? writeTwice : writeOwnFile)(path, textOf(manifest), { mode: 0o600 });
    return { manifest, folder };
  }

  /** Makes a layer of what was cut. Labs that used one of the same key, which was lost, use this one. */
  async seal(manifest: LayerManifest): Promise<Layer> {
    const owners = (await this.#present(manifest.key))?.manifest.owners ?? [];
    return this.write({ ...manifest, owners: [...new Set([...owners, ...manifest.owners])] });
  }

  /** Makes layers of the parts of one cut, all at once: written after the last of their manifests. */
  async completeGroup(id: string, keys: readonly string[]): Promise<void> {
    const content = { version: 1, id, createdAt: new Date().toISOString(), keys };
    await writeOwnFile(this.#groupFile(id), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    for (const key of keys) {
      const layer = await this.#present(key);
      if (layer) await writeCopy(join(layer.folder, manifestName), textOf(layer.manifest), { mode: 0o600 });
    }
  }

  /** Notes that a lab uses a layer, so that another lab's collection leaves it alone. */
  async adopt(layer: Layer, lineage: string): Promise<Layer> {
    if (layer.manifest.owners.includes(lineage)) return layer;
    return await this.change(layer.manifest.key, ({ owners, ...rest }) => ({
      ...rest,
      owners: [...owners.filter((owner) => owner !== lineage), lineage],
    }));
  }

  /**
   * Takes a lab off a layer, and the layer away when that was the last one to use it.
   *
   * @returns whether the layer went
   */
  async disown(key: string, lineage: string): Promise<boolean> {
    await using _turn = await this.#turn(key);
    const layer = await this.#present(key);
    const others = layer?.manifest.owners.filter((owner) => owner !== lineage) ?? [];
    if (layer && others.length > 0) await this.write({ ...layer.manifest, owners: others });
    else await this.remove(key);
    return others.length === 0;
  }

  /**
   * Rewrites a manifest, as it is by then: labs that share a layer take turns.
   *
   * @throws GoqemuError `layer-missing` when it went meanwhile, `locked`
   */
  async change(key: string, changed: (manifest: LayerManifest) => LayerManifest): Promise<Layer> {
    await using _turn = await this.#turn(key);
    const layer = await this.#present(key);
    if (!layer) throw missing(layerId(key), this.folder);
    return await this.write(changed(layer.manifest));
  }

  #turn(key: string): Promise<AsyncDisposable> {
    const path = join(this.folder, `${layerId(key)}.lock`);
    return acquireFileLock(path, { command: 'change a layer', waitMs: turnMs });
  }

  /** Takes a layer's manifest first, so that a crash in between leaves no layer that promises what is gone. */
  async remove(key: string): Promise<void> {
    const folder = this.folderOf(key);
    await removeTwice(join(folder, manifestName));
    this.#trace('remove: the manifest is gone');
    await removeTreeUnlessHeld(folder); // what stays is collected as what a killed process left
    this.#trace('remove: the disk is gone');
    await removeTreeUnlessHeld(join(this.memoryFolder, layerId(key)));
    this.#trace('remove: the RAM is gone');
    await rmdir(this.memoryFolder).catch((error: unknown) => {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
    });
  }

  /**
   * Lets a layer have another disk file with the same content, which lies in its folder already.
   *
   * @param parent key of the layer that the new disk stands on, null for none; undefined leaves what the manifest says
   * @throws GoqemuError `layer-missing` when it went meanwhile
   */
  async replaceDisk(
    { manifest }: Layer,
    file: Pick<LayerFile, 'name' | 'size'>,
    parent?: string | null,
  ): Promise<Layer> {
    return this.change(manifest.key, ({ parent: before, ...present }) => {
      const { name, formerly = [] } = present.disk;
      const below = parent === undefined ? before : (parent ?? undefined);
      const disk = { ...file, formerly: [...formerly, name] };
      return { ...present, ...(below === undefined ? {} : { parent: below }), disk };
    });
  }

  /** Gives up the RAM of a layer; its disk stays. */
  async dropRam(layer: Layer): Promise<Layer> {
    const { ram, state } = layer.manifest;
    if (!ram && !state) return layer;
    const written = await this.change(layer.manifest.key, withoutRam);
    this.#trace('give up RAM: the manifest has forgotten it');
    for (const file of [ram, state]) if (file) await removeTree(this.pathOf(layer, file));
    this.#trace('give up RAM: it is gone');
    return written;
  }

  /**
   * Looks at every file that a restore will need: its own, RAM among them, and those below its disk.
   *
   * @throws GoqemuError `layer-damaged` naming the file
   */
  async check(layer: Layer): Promise<void> {
    const { disk, ram } = await layerDamage(this, layer);
    const damage = disk ?? ram;
    if (damage) throw damaged(layer.manifest.id, damage);
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

  /** The folder in memory for the RAM of a layer that is being cut. */
  async prepareMemory(key: string): Promise<string> {
    const folder = join(this.memoryFolder, layerId(key));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Where a file of a layer lies. */
  pathOf(layer: Layer, file: LayerFile): string {
    return join(file.store === 'memory' ? join(this.memoryFolder, layer.manifest.id) : layer.folder, file.name);
  }

  /** Bytes that the layer's own files take on the disk. */
  async bytes(layer: Layer): Promise<number> {
    const { disk, variables, ram, state } = layer.manifest;
    const files = [disk, variables, ram, state].filter((file) => file !== undefined);
    const found = await Promise.all(files.map((file) => statIfThere(this.pathOf(layer, file))));
    return found.reduce((sum, file) => sum + (file ? file.blocks * 512 : 0), 0);
  }

  /** Bytes that the layer's own disk file takes. */
  async diskBytes({ folder, manifest }: Layer): Promise<number> {
    return (await stat(join(folder, manifest.disk.name))).blocks * 512;
  }

  #groupFile(id: string): string {
    return join(this.folder, 'groups', `${id}.json`);
  }

  /** Groups of which no part is left. */
  async removeEmptyGroups(): Promise<void> {
    const needed = new Set((await this.list()).map(({ manifest }) => manifest.group));
    for (const name of await folderNames(join(this.folder, 'groups'))) {
      const id = /^([0-9a-f]{12})\.json$/.exec(name)?.[1];
      if (id && !needed.has(id)) await removeFile(join(this.folder, 'groups', name));
    }
  }

  async #read(id: string): Promise<Layer | undefined> {
    const found = this.#manifest(id);
    if (!found?.value) return undefined;
    const { group } = found.value;
    // The copy is written when all of the group are layers: it says as much as the group's own file.
    if (group && !this.#isComplete(group) && !this.#hasCopy(id)) return undefined;
    const damage = found.damage ? { manifestDamage: found.damage } : {};
    return { manifest: found.value, folder: join(this.folder, id), ...damage };
  }

  /** Writes the manifest of a layer again from its copy. */
  async healManifest(key: string): Promise<void> {
    await this.change(key, (manifest) => manifest);
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

  #isComplete(group: string): boolean {
    return existsSync(this.#groupFile(group));
  }
}

const manifestName = 'manifest.json';

function textOf(manifest: LayerManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function withoutRam({ ram: _ram, state: _state, ...manifest }: LayerManifest): LayerManifest {
  return manifest;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function damaged(id: string, what: string): GoqemuError {
  return new GoqemuError({
    code: 'layer-damaged',
    source: 'environment',
    subject: id,
    message: `checkpoint ${id} is damaged: ${what}`,
    hint: 'nothing was changed; plan again: it counts as lost, and the steps up to it run again',
  });
}

function missing(id: string, folder: string): GoqemuError {
  return new GoqemuError({
    code: 'layer-missing',
    source: 'environment',
    subject: id,
    message: `checkpoint ${id} is not in ${folder}`,
    hint: 'plan again: what is missing is built again',
  });
}

/** The short id that people type. */
export function layerId(key: string): string {
  return key.slice(0, 12);
}
