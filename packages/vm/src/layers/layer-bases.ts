import { basename, dirname } from 'node:path';
import { backingFile } from './backing-chain.ts';
import type { Layer } from './layer.ts';
import { belowFolder, diskOf } from './layer-disks.ts';
import type { LayerStore } from './layer-store.ts';

/**
 * What the disks of a store's layers stand on, and which of them must stay as they are: those are pinned. A layer that
 * was cut again has former disks in its folder, which its disk and those of others may stand on.
 */
export class LayerBases {
  readonly #folder: string;
  readonly #layers: ReadonlyMap<string, Layer>;
  /** By the id of the layer, the file of another one, or the image, that its disk stands on. */
  readonly #below: ReadonlyMap<string, string | undefined>;
  readonly #pinned = new Set<string>();
  /** Files whose chains are pinned. */
  readonly #followed = new Set<string>();

  private constructor(folder: string, layers: readonly Layer[], below: ReadonlyMap<string, string | undefined>) {
    this.#folder = folder;
    this.#layers = new Map(layers.map((layer) => [layer.manifest.id, layer]));
    this.#below = below;
  }

  static async read(store: LayerStore, layers: readonly Layer[]): Promise<LayerBases> {
    const below = new Map<string, string | undefined>();
    for (const layer of layers) below.set(layer.manifest.id, await belowFolder(diskOf(layer)));
    return new LayerBases(store.folder, layers, below);
  }

  /** The file of another layer, or the image, that a layer's disk stands on. */
  below({ manifest }: Layer): string | undefined {
    return this.#below.get(manifest.id);
  }

  /** The layer that a layer's disk stands on; undefined for an image. */
  parent(layer: Layer): Layer | undefined {
    return this.#layers.get(this.idOf(this.below(layer)) ?? '');
  }

  /** The id of the layer's folder that a file lies in, whether or not there is a layer there. */
  idOf(file: string | undefined): string | undefined {
    return file !== undefined && dirname(dirname(file)) === this.#folder ? basename(dirname(file)) : undefined;
  }

  has(id: string): boolean {
    return this.#layers.has(id);
  }

  isPinned({ manifest }: Layer): boolean {
    return this.#pinned.has(manifest.id);
  }

  /** Pins the layer that has this file, and all that it stands on. */
  async pin(start: string | undefined): Promise<void> {
    for (let file = start; file !== undefined && !this.#followed.has(file); file = await backingFile(file)) {
      const id = this.idOf(file);
      if (id === undefined) return;
      this.#followed.add(file);
      this.#pinned.add(id);
    }
  }

  /** Pins what a layer's former disk stands on, when a file is one: to rebase the layer moves only the disk that it has. */
  async pinBelowFormer(file: string | undefined): Promise<void> {
    const layer = this.#layers.get(this.idOf(file) ?? '');
    if (file === undefined || !layer) return;
    const { name, formerly = [] } = layer.manifest.disk;
    if (![name, ...formerly].includes(basename(file))) await this.pin(await belowFolder(file));
  }
}
