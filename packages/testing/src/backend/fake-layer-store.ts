import { GoqemuError } from '@goqemu/core';
import type {
  BackendCall,
  CollectedLayers,
  CutLayer,
  CutResult,
  FlattenedLayer,
  StoredLayer,
  SurveyedLayer,
} from '@goqemu/lab';
import type { FakeHost, FakeLayer, FakeMachine } from './fake-host.ts';
import { layersAbove, standOn, surveyFake } from './fake-layers.ts';
import type { FakeMoments } from './fake-moments.ts';

/** What a backend does with layers: each is a copy of a disk, and belongs to the labs that use it. */
export class FakeLayerStore {
  readonly #host: FakeHost;
  readonly #moments: FakeMoments;

  constructor(host: FakeHost, moments: FakeMoments) {
    this.#host = host;
    this.#moments = moments;
  }

  async find(keys: readonly string[], call: BackendCall): Promise<ReadonlyMap<string, StoredLayer>> {
    await this.#moments.reach('findLayers', '', 'before', call);
    return new Map(
      keys.flatMap((key) => {
        const layer = this.#host.layers.get(key);
        if (!layer) return [];
        if (layer.damage) call.progress({ kind: 'notice', code: 'layer-damaged', message: lossOf(layer) });
        if (!this.#isWhole(key)) return [];
        return [[key, layer.damage === 'ram' ? { ...layer.stored, ram: false } : layer.stored] as const];
      }),
    );
  }

  async survey(call: BackendCall): Promise<ReadonlyMap<string, SurveyedLayer>> {
    await this.#moments.reach('surveyLayers', '', 'before', call);
    return surveyFake(this.#host, call.scope);
  }

  async claimAll(keys: readonly string[], call: BackendCall): Promise<ReadonlySet<string>> {
    await this.#moments.reach('claimLayers', '', 'before', call);
    const there = keys.filter((key) => this.#isWhole(key));
    for (const key of there) this.claim(key, call);
    await this.#moments.reach('claimLayers', '', 'after', call);
    return new Set(there);
  }

  async describe(key: string, descriptions: readonly string[], call: BackendCall): Promise<StoredLayer> {
    await this.#moments.reach('describeLayer', key, 'before', call);
    const layer = this.#get(key);
    layer.stored = { ...layer.stored, descriptions };
    await this.#moments.reach('describeLayer', key, 'after', call);
    return layer.stored;
  }

  async coalesce(
    keys: readonly string[],
    call: BackendCall,
  ): Promise<{ readonly keys: readonly string[]; readonly bytes: number }> {
    await this.#moments.reach('coalesceLayers', '', 'before', call);
    const gone: string[] = [];
    let bytes = 0;
    const survey = surveyFake(this.#host, call.scope);
    const above = layersAbove(this.#host);
    for (const key of keys) {
      const row = survey.get(key);
      if (!row || row.isPinned) continue;
      const parent = this.#host.layers.get(key)?.stored.parent;
      const standing = above.get(key) ?? [];
      for (const upper of standing) standOn(this.#host, upper, parent);
      if (parent !== undefined) above.set(parent, [...(above.get(parent) ?? []), ...standing]);
      await this.#moments.reach('coalesceLayers', key, 'middle', call);
      this.#host.layers.delete(key);
      gone.push(key);
      bytes += row.bytes;
    }
    await this.#moments.reach('coalesceLayers', '', 'after', call);
    return { keys: gone, bytes };
  }

  async flatten(key: string, call: BackendCall): Promise<FlattenedLayer> {
    await this.#moments.reach('flattenLayer', key, 'before', call);
    const layer = this.#get(key);
    const { parent, ...stored } = layer.stored;
    let depth = 0;
    for (let below = parent; below !== undefined; below = this.#host.layers.get(below)?.stored.parent) depth++;
    await this.#moments.reach('flattenLayer', key, 'middle', call);
    layer.stored = { ...stored, bytes: stored.bytes * (depth + 1) };
    await this.#moments.reach('flattenLayer', key, 'after', call);
    return { depth, bytes: { before: stored.bytes, after: layer.stored.bytes } };
  }

  async collect(
    keep: readonly string[],
    call: BackendCall,
    options: { readonly dryRun?: boolean } = {},
  ): Promise<CollectedLayers> {
    await this.#moments.reach('collectLayers', '', 'before', call);
    const reached = new Set<string>();
    const { lineage } = call.scope;
    const others = [...this.#host.layers.values()].filter(({ owners }) => [...owners].some((one) => one !== lineage));
    const roots = [
      ...keep,
      ...others.map(({ stored }) => stored.key),
      ...[...this.#host.machines.values()].flatMap((machine) => machine.layer ?? []),
    ];
    for (let key = roots.pop(); key !== undefined; key = roots.pop()) {
      if (reached.has(key)) continue;
      reached.add(key);
      const parent = this.#host.layers.get(key)?.stored.parent;
      if (parent !== undefined) roots.push(parent);
    }
    let removed = 0;
    let bytes = 0;
    const gone: string[] = [];
    const stripped: { key: string; bytes: number }[] = [];
    for (const [key, layer] of this.#host.layers) {
      if (keep.includes(key) || !layer.owners.has(lineage)) continue;
      if (layer.owners.size > 1) {
        if (!options.dryRun) layer.owners.delete(lineage);
        gone.push(key);
      } else if (!reached.has(key)) {
        if (!options.dryRun) this.#host.layers.delete(key);
        removed++;
        bytes += layer.stored.bytes;
        gone.push(key);
      } else {
        stripped.push({ key, bytes: 0 });
        if (!options.dryRun) layer.stored = { ...layer.stored, ram: false, descriptions: [] };
      }
    }
    await this.#moments.reach('collectLayers', '', 'after', call);
    return { removed, bytes, gone, stripped };
  }

  /** Cuts a layer from a machine. */
  seal(cut: CutLayer, { disk }: FakeMachine, call: BackendCall): CutResult {
    const before = this.#host.layers.get(cut.key);
    const known = before?.damage ? undefined : before;
    const stored: StoredLayer = known?.stored ?? {
      key: cut.key,
      id: cut.key.slice(0, 8),
      ...(cut.parent === undefined ? {} : { parent: cut.parent }),
      ram: cut.ram,
      ...(cut.machine.firmware === 'uefi' ? { variables: true } : {}),
      bytes: 1024 * disk.length,
      createdAt: new Date(this.#host.layers.size * 1000).toISOString(),
      descriptions: cut.descriptions,
    };
    const owners = (before?.owners ?? new Set<string>()).add(call.scope.lineage);
    if (!known) this.#host.layers.set(cut.key, { stored, disk: [...disk], owners });
    for (const older of cut.supersedes ?? []) {
      const layer = this.#host.layers.get(older);
      if (layer && layer.stored.descriptions.length === 0) layer.stored = { ...layer.stored, ram: false };
    }
    return { layer: stored, record: { ...cut.record, top: cut.key } };
  }

  /** A machine has booted from a layer, which has its RAM from then on. */
  renewRam(key: string): void {
    const layer = this.#get(key);
    layer.stored = { ...layer.stored, ram: true };
    if (layer.damage === 'ram') delete layer.damage;
  }

  /** Noted as in use by a lab: another lab's collection leaves it alone. */
  claim(key: string, call: BackendCall): FakeLayer {
    const layer = this.#get(key);
    layer.owners.add(call.scope.lineage);
    return layer;
  }

  #get(key: string): FakeLayer {
    const layer = this.#host.layers.get(key);
    if (layer && this.#isWhole(key)) return layer;
    throw new GoqemuError({
      code: layer ? 'layer-damaged' : 'layer-missing',
      source: 'environment',
      subject: key,
      message: layer ? lossOf(layer) : `the layer ${key.slice(0, 12)} is not in the store`,
    });
  }

  /** The disk of a layer stands on those below it. */
  #isWhole(start: string): boolean {
    for (let key: string | undefined = start; key !== undefined; ) {
      const layer: FakeLayer | undefined = this.#host.layers.get(key);
      if (layer?.damage === 'disk' || (!layer && key === start)) return false;
      key = layer?.stored.parent;
    }
    return true;
  }
}

function lossOf({ stored, damage }: FakeLayer): string {
  return `the ${damage === 'ram' ? 'RAM of layer' : 'layer'} ${stored.id} is lost`;
}
