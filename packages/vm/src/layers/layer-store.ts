import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  acquireFileLock,
  folderNames,
  GoqemuError,
  makeFolders,
  makePrivateFolder,
  removeFile,
  removeTree,
  removeTreeUnlessHeld,
  removeTwice,
  systemErrorCode,
  writeCopy,
  writeOwnFile,
  writeTwice,
} from '@goqemu/core';
import { type Layer, layerId } from './layer.ts';
import { type KnownDisks, type LayerDamage, layerDamage } from './layer-damage.ts';
import type { LayerFile, LayerManifest } from './layer-manifest.ts';
import { LayerReader, manifestName } from './layer-reader.ts';

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
export class LayerStore extends LayerReader {
  readonly #trace: (stage: string) => void;

  /**
   * @param memoryFolder as the reader's
   * @param trace called with how far a removal is, for the debug log
   */
  constructor(folder: string, memoryFolder?: string, trace: (stage: string) => void = () => undefined) {
    super(folder, memoryFolder);
    this.#trace = trace;
  }

  /**
   * A layer that can be restored: one whose disk is damaged counts as lost, and RAM that is damaged as never kept.
   *
   * @param known what was read of disks, for a caller that looks for many layers at once
   */
  async find(key: string, { known, onDamage }: FindOptions = {}): Promise<Layer | undefined> {
    const layer = await this.present(key);
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
    const counts = manifest.group === undefined || this.isComplete(manifest.group);
    await (counts ? writeTwice : writeOwnFile)(path, textOf(manifest), { mode: 0o600 });
    return { manifest, folder };
  }

  /** Makes a layer of what was cut. Labs that used one of the same key, which was lost, use this one. */
  async seal(manifest: LayerManifest): Promise<Layer> {
    const owners = (await this.present(manifest.key))?.manifest.owners ?? [];
    return this.write({ ...manifest, owners: [...new Set([...owners, ...manifest.owners])] });
  }

  /** Makes layers of the parts of one cut, all at once: written after the last of their manifests. */
  async completeGroup(id: string, keys: readonly string[]): Promise<void> {
    const content = { version: 1, id, createdAt: new Date().toISOString(), keys };
    await writeOwnFile(this.groupFile(id), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    for (const key of keys) {
      const layer = await this.present(key);
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
    const layer = await this.present(key);
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
    const layer = await this.present(key);
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

  /** The folder in memory for the RAM of a layer that is being cut. */
  async prepareMemory(key: string): Promise<string> {
    const folder = join(this.memoryFolder, layerId(key));
    makeFolders(folder, { mode: 0o700 });
    return folder;
  }

  /** Groups of which no part is left. */
  async removeEmptyGroups(): Promise<void> {
    const needed = new Set((await this.list()).map(({ manifest }) => manifest.group));
    for (const name of await folderNames(join(this.folder, 'groups'))) {
      const id = /^([0-9a-f]{12})\.json$/.exec(name)?.[1];
      if (id && !needed.has(id)) await removeFile(join(this.folder, 'groups', name));
    }
  }

  /** Writes the manifest of a layer again from its copy. */
  async healManifest(key: string): Promise<void> {
    await this.change(key, (manifest) => manifest);
  }
}

function textOf(manifest: LayerManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function withoutRam({ ram: _ram, state: _state, ...manifest }: LayerManifest): LayerManifest {
  return manifest;
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
