import { createHash } from 'node:crypto';
import { mkdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  acquireFileLock,
  folderNames,
  GoqemuError,
  parseJson,
  readIfThere,
  statIfThere,
  systemErrorCode,
  writeFileAtomic,
} from '@goqemu/core';
import { backingChain, isQcow2 } from './backing-chain.ts';
import { type LayerFile, type LayerManifest, layerManifestSchema, type RamFiles, ramParts } from './layer-manifest.ts';

/** A layer and where its files are. */
export interface Layer {
  readonly manifest: LayerManifest;
  readonly folder: string;
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
   * @param memoryFolder on a file system in memory; below `/dev/shm` unless given
   * @param trace told how far a removal has come, for the debug log
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
    const names = await folderNames(this.folder);
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

  /** Makes layers of the parts of one cut, all at once: written after the last of their manifests. */
  async completeGroup(id: string, keys: readonly string[]): Promise<void> {
    const content = { version: 1, id, createdAt: new Date().toISOString(), keys };
    await writeFileAtomic(this.#groupFile(id), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  }

  /** Notes that a lab uses a layer, so that another lab's collection leaves it alone. */
  async adopt(layer: Layer, lineage: string): Promise<Layer> {
    if (layer.manifest.owners.includes(lineage)) return layer;
    return this.change(layer.manifest.key, ({ owners, ...rest }) => ({
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
    const layer = await this.find(key);
    const others = layer?.manifest.owners.filter((owner) => owner !== lineage) ?? [];
    if (layer && others.length > 0) await this.write({ ...layer.manifest, owners: others });
    else await this.remove(key);
    return others.length === 0;
  }

  /**
   * Writes a manifest anew, as it is by then: labs that share a layer take turns.
   *
   * @throws GoqemuError `layer-missing` when it went meanwhile, `locked`
   */
  async change(key: string, changed: (manifest: LayerManifest) => LayerManifest): Promise<Layer> {
    await using _turn = await this.#turn(key);
    return await this.write(changed((await this.get(key)).manifest));
  }

  #turn(key: string): Promise<AsyncDisposable> {
    const path = join(this.folder, `${layerId(key)}.lock`);
    return acquireFileLock(path, { command: 'change a layer', waitMs: turnMs });
  }

  /** Takes a layer's manifest first, so that a crash in between leaves no layer that promises what is gone. */
  async remove(key: string): Promise<void> {
    const folder = this.folderOf(key);
    await rm(join(folder, 'manifest.json'), { force: true });
    this.#trace('remove: the manifest is gone');
    await rm(folder, { recursive: true, force: true });
    this.#trace('remove: the disk is gone');
    await rm(join(this.memoryFolder, layerId(key)), { recursive: true, force: true });
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
    const written = await this.change(layer.manifest.key, ({ ram: _ram, state: _state, ...rest }) => rest);
    this.#trace('give up RAM: the manifest has forgotten it');
    for (const file of [ram, state]) if (file) await rm(this.#path(layer, file), { force: true });
    this.#trace('give up RAM: it is gone');
    return written;
  }

  /**
   * Looks at every file that a restore will need, before anything is stopped: its own, and those below its disk.
   *
   * @throws GoqemuError `layer-damaged` naming the file
   */
  async check(layer: Layer): Promise<void> {
    const { disk, variables } = layer.manifest;
    const path = join(layer.folder, disk.name);
    if ((await isQcow2(path)) === false) throw damaged(layer, `${path} is no qcow2 image any more`);
    const ram = (await this.hasRam(layer)) ? ramParts(layer.manifest) : undefined;
    for (const file of [disk, ...(variables ? [variables] : []), ...(ram ?? [])]) {
      const path = this.#path(layer, file);
      const found = await statIfThere(path);
      if (!found) throw damaged(layer, `${path} is missing`);
      if (found.size !== file.size) throw damaged(layer, `${path} has ${found.size} bytes instead of ${file.size}`);
      if (file.modified !== undefined && found.mtimeMs !== file.modified)
        throw damaged(layer, `${path} was written to after the checkpoint was made`);
    }
    for (const below of await backingChain(path))
      if (!(await statIfThere(below))) throw damaged(layer, `${below}, which its disk stands on, is missing`);
  }

  /** Where the RAM and the device state of a layer are; of no use for one that holds neither. */
  ramFiles(layer: Layer): RamFiles {
    const [ram = '', state = ram] = (ramParts(layer.manifest) ?? []).map((file) => this.#path(layer, file));
    return { form: layer.manifest.ram?.form ?? 'devices', ram, state };
  }

  /** False when RAM that was kept in memory did not outlive the host's last start. */
  async hasRam(layer: Layer): Promise<boolean> {
    const [ram] = ramParts(layer.manifest) ?? [];
    if (!ram) return false;
    if (ram.store !== 'memory') return true;
    return (await statIfThere(this.#path(layer, ram))) !== undefined;
  }

  /** The folder in memory for the RAM of a layer that is being cut. */
  async prepareMemory(key: string): Promise<string> {
    const folder = join(this.memoryFolder, layerId(key));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  #path(layer: Layer, file: LayerFile): string {
    return join(file.store === 'memory' ? join(this.memoryFolder, layer.manifest.id) : layer.folder, file.name);
  }

  /** Bytes that the layer's own files take on the disk. */
  async bytes(layer: Layer): Promise<number> {
    const { disk, variables, ram, state } = layer.manifest;
    const files = [disk, variables, ram, state].filter((file) => file !== undefined);
    const found = await Promise.all(files.map((file) => statIfThere(this.#path(layer, file))));
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
      if (id && !needed.has(id)) await rm(join(this.folder, 'groups', name), { force: true });
    }
  }

  async #read(id: string): Promise<Layer | undefined> {
    const folder = join(this.folder, id);
    const text = readIfThere(join(folder, 'manifest.json'));
    if (text === undefined) return undefined;
    const parsed = layerManifestSchema.safeParse(parseJson(text));
    if (!parsed.success || parsed.data.id !== id) return undefined;
    const { group } = parsed.data;
    if (group && !(await statIfThere(this.#groupFile(group)))) return undefined;
    return { manifest: parsed.data, folder };
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
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
