import { basename, dirname, join } from 'node:path';
import { backingFile } from './backing-chain.ts';
import type { Layer } from './layer.ts';
import type { LayerStore } from './layer-store.ts';

/** What the disks of a store's layers stand on, and which of them must stay as they are: those are pinned. */
export class LayerBases {
  readonly #folder: string;
  readonly #layers: ReadonlyMap<string, Layer>;
  /** By the id of the layer, the file that its disk stands on. */
  readonly #below: ReadonlyMap<string, string | undefined>;
  readonly #pinned = new Set<string>();

  private constructor(folder: string, layers: readonly Layer[], below: ReadonlyMap<string, string | undefined>) {
    this.#folder = folder;
    this.#layers = new Map(layers.map((layer) => [layer.manifest.id, layer]));
    this.#below = below;
  }

  static async read(store: LayerStore, layers: readonly Layer[]): Promise<LayerBases> {
    const below = new Map<string, string | undefined>();
    for (const layer of layers) below.set(layer.manifest.id, await backingFile(diskOf(layer)));
    return new LayerBases(store.folder, layers, below);
  }

  /** The file that a layer's disk stands on. */
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
    for (let file = start; file !== undefined; ) {
      const id = this.idOf(file);
      if (id === undefined || this.#pinned.has(id)) return;
      this.#pinned.add(id);
      file = this.#layers.has(id) ? this.#below.get(id) : await backingFile(file);
    }
  }
}

/** The file that a layer's disk is. */
export function diskOf({ folder, manifest }: Layer): string {
  return join(folder, manifest.disk.name);
}
