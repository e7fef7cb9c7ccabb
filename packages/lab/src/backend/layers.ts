import type { MachineSpec } from '@goqemu/spec';
import type { BackendCall, BackendRecord } from './call.ts';

/** A layer as the store has it. */
export interface StoredLayer {
  readonly key: string;
  /** Short id of its checkpoint entry in the store. */
  readonly id: string;
  readonly parent?: string;
  readonly ram: boolean;
  /** It has the UEFI variables of its machine. */
  readonly variables?: boolean;
  readonly bytes: number;
  readonly createdAt: string;
  /** Descriptions `[a, b]` of a named checkpoint; empty for an unnamed layer. */
  readonly descriptions: readonly string[];
}

/** A layer of the lab with what stands on it. */
export interface SurveyedLayer {
  readonly key: string;
  /** Key of the layer that its disk stands on today; absent for an image. */
  readonly parent?: string;
  /** On the disk, RAM included. */
  readonly bytes: number;
  /** Layers that stand directly on it, with the bytes that are free once it is a part of that one. */
  readonly above: readonly { readonly key: string; readonly saves: number }[];
  /** Another lab has it or stands on it, or a machine's disk stands directly on it: it cannot be coalesced. */
  readonly isPinned: boolean;
  readonly isNamed: boolean;
}

/** What flattening a layer did. */
export interface FlattenedLayer {
  /** Layers that its disk stood on; 0 when there was nothing to do. */
  readonly depth: number;
  /** Bytes that its own disk file took and takes. */
  readonly bytes: { readonly before: number; readonly after: number };
}

/** What a collection did, or would do. */
export interface CollectedLayers {
  /** Layers that went from the store. */
  readonly removed: number;
  /** Bytes that are free by it. */
  readonly bytes: number;
  /** Keys of the layers that are this lab's no more: those that went, and those that another lab has still. */
  readonly gone: readonly string[];
  /** Layers that a disk still stands on, which lose their RAM and their name, with the bytes that this frees. */
  readonly stripped: readonly { readonly key: string; readonly bytes: number }[];
}

/** One machine of a cut, and the layer that is made of it. */
export interface CutLayer {
  readonly machine: MachineSpec;
  readonly record: BackendRecord;
  readonly key: string;
  /** The layer below; undefined when the disk stands on the image alone. */
  readonly parent?: string;
  /** Keep the RAM too, where the host can. */
  readonly ram: boolean;
  /** Unnamed layers of this machine whose RAM is given up once the new layer is safe. Default: none. */
  readonly supersedes?: readonly string[];
  readonly descriptions: readonly string[];
}

/** What became of a cut. */
export interface CutResult {
  readonly layer: StoredLayer;
  readonly record: BackendRecord;
}

/** A backend's role: what machines were after their steps, to go back to and to make others from. */
export interface LayerRole {
  /** Those that can be restored: one that is damaged is lost, and is reported as a notice. */
  findLayers(keys: readonly string[], call: BackendCall): Promise<ReadonlyMap<string, StoredLayer>>;
  /** All layers of this lab, by key. */
  surveyLayers(call: BackendCall): Promise<ReadonlyMap<string, SurveyedLayer>>;
  /**
   * Syncs the guests, then cuts all of these machines at one moment: every one stands still before the first is taken,
   * and none resumes before the last is. They continue above the new layers. `findLayers` finds all of the layers
   * afterwards or none, also when the process dies at any moment of it.
   *
   * @returns in the order of the cuts
   */
  cutLayers(cuts: readonly CutLayer[], call: BackendCall): Promise<readonly CutResult[]>;
  /**
   * Takes the machine back to a layer and leaves it running and ready. A layer without RAM, from which it boots, has its RAM
   * afterwards where `cutLayers` would have kept it: the next way back resumes. The layer keeps its key.
   */
  restore(machine: MachineSpec, record: BackendRecord, layer: string, call: BackendCall): Promise<BackendRecord>;
  /**
   * Makes this lab one of those that use these layers: no other lab's collection or coalescing takes them from then on.
   * `create`, `restore` and `cutLayers` do so themselves.
   *
   * @returns those that are there and can be restored; one that went or was damaged meanwhile is left out
   */
  claimLayers(keys: readonly string[], call: BackendCall): Promise<ReadonlySet<string>>;
  /** Names a layer, or takes its names away. */
  describeLayer(key: string, descriptions: readonly string[], call: BackendCall): Promise<StoredLayer>;
  /**
   * Takes these layers away by giving what they hold to those that stand on them, which keep their content; machines run
   * on meanwhile. Pinned ones stay. A process that dies at any moment of it leaves every layer as it was or as it is to
   * be, and a layer goes when nothing stands on it any more.
   *
   * @returns the keys of those that are gone, and the bytes that are free by that
   */
  coalesceLayers?(
    keys: readonly string[],
    call: BackendCall,
  ): Promise<{ readonly keys: readonly string[]; readonly bytes: number }>;
  /**
   * Lets a layer hold what the layers below it hold, so that it stands on its image alone. What stands on it stays.
   *
   * @throws GoqemuError `layer-missing`, `flatten-failed`, `no-room`
   */
  flattenLayer?(key: string, call: BackendCall): Promise<FlattenedLayer>;
  /** Removes layers that nothing in `keep` (or of another lab) reaches, or only tells what would go. */
  collectLayers(
    keep: readonly string[],
    call: BackendCall,
    options?: { readonly dryRun?: boolean },
  ): Promise<CollectedLayers>;
}
