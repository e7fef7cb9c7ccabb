import type { ErrorCode, SourceLocation } from '@goqemu/core';
import type { Architecture, FoundProperties, MachineSpec, ObservedProperty, PortForward } from '@goqemu/spec';
import type { ResolvedStep, StepResult } from '../step/resolved-step.ts';
import type { BackendProgress } from './progress.ts';

/** Whose machines these are; folder names come from it. */
export interface LabScope {
  readonly lab: string;
  readonly stack: string;
  /** The state's lineage: 12 lower-case hex digits, made with the first state and never again. */
  readonly lineage: string;
}

/** What every call is given. */
export interface BackendCall {
  readonly scope: LabScope;
  readonly signal: AbortSignal;
  readonly progress: (event: BackendProgress) => void;
}

/** What an image's name stands for today. */
export interface ResolvedImage {
  /** As the lab wrote it: a catalogue name, a URL, or an absolute path. */
  readonly reference: string;
  /**
   * By content, or by recipe and package versions for one that is built here; enters layer keys. Of an image that is
   * not present it may be provisional: `ensureImage` tells the real one.
   */
  readonly key: string;
  /** What lab.lock.json pins instead of the key: for an image that is built here, the recipe that colleagues share. */
  readonly pin?: string;
  /** For people: `Debian 12, cached`, `Debian 12, to be built here: publisher not reachable`. */
  readonly description: string;
  /** False when applying has to download or build first. */
  readonly present: boolean;
  /** The image's ordinary user. */
  readonly user: string;
  /** Bytes that a guest sees of it, as far as that is known: a smaller disk would lose the end of it. */
  readonly virtualSize?: number;
  /** What stands in the way of using it, or is better known before: a file that changed, too little room for a copy. */
  readonly notices?: readonly { readonly code: string; readonly message: string; readonly hint?: string }[];
}

/** Opaque to the engine: whatever the backend needs to find a machine again. JSON, without secrets. */
export type BackendRecord = Readonly<Record<string, unknown>>;

/** What a look at a machine found, with the memory and the cores that it really has where the backend can tell. */
export interface ObservedMachine extends Readonly<Partial<Pick<MachineSpec, ObservedProperty>>> {
  /** `absent`: no disk; `damaged`: something of it is missing, named in `reason`. */
  readonly status: 'running' | 'paused' | 'stopped' | 'crashed' | 'unresponsive' | 'absent' | 'damaged';
  readonly reason?: string;
  /** A file that the backend keeps of it is damaged and can be written again, which `start` does: what it is. */
  readonly repair?: string;
  readonly pid?: number;
  /** The layer that the disk stands on, and whether it is the very timeline that began there. */
  readonly layer?: string;
  readonly accelerator?: string;
  /** The guest's IPv4 address, where one is known. */
  readonly ip?: string;
  /** Where its SSH server is reached, and the private key's file. */
  readonly ssh?: { readonly host: string; readonly port: number; readonly identityFile?: string };
}

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

export interface CutLayer {
  readonly machine: MachineSpec;
  readonly record: BackendRecord;
  readonly key: string;
  /** The layer below; undefined when the disk stands on the image alone. */
  readonly parent?: string;
  /** Keep the RAM too, where the host can. */
  readonly ram: boolean;
  /** An unnamed layer of this machine whose RAM is given up once the new layer is safe: the newest two keep it. */
  readonly supersedes?: string;
  readonly descriptions: readonly string[];
}

/** What became of a cut. */
export interface CutResult {
  readonly layer: StoredLayer;
  readonly record: BackendRecord;
}

/** How a machine comes to be. */
export type MachineOrigin =
  | { readonly image: ResolvedImage }
  | {
      readonly layer: string;
      /** The machine that was cut: the new one has its identity, host key and access key, in a scope of its own. */
      readonly copyOf?: { readonly machine: MachineSpec; readonly scope: LabScope };
    };

/** A QEMU that somebody else started, by its process or by the socket of its monitor. */
export type AdoptionTarget = { readonly pid: number } | { readonly socket: string };

/** A machine that somebody else started, as it was found. */
export interface AdoptedMachine extends FoundProperties {
  readonly record: BackendRecord;
  readonly pid: number;
  readonly accelerator: string;
  readonly mac?: string;
  /** As the guest says it, where it can be asked. */
  readonly hostname?: string;
  /** TCP ports of this host that lead into the guest. */
  readonly forwards: readonly PortForward[];
  /** What cannot be done with it, in sentences for people. */
  readonly limits: readonly string[];
}

/** Something that a plan says before it happens: an `error` keeps the plan from being applied. */
export type Preflight = PreflightError | PreflightNotice;

/** Applying the plan throws it as an error of this code. */
export interface PreflightError extends PreflightText {
  readonly severity: 'error';
  readonly code: ErrorCode;
}

export interface PreflightNotice extends PreflightText {
  readonly severity: 'notice';
  readonly code: string;
}

interface PreflightText {
  readonly message: string;
  readonly hint?: string;
  /** The machine that it is about, when it is about one. */
  readonly machine?: string;
  /** Where the lab says what leads to it; the engine adds the place of the machine where there is none. */
  readonly location?: SourceLocation;
}

/** Who has a port, for people. */
export interface PortHolder {
  /** `process 123 (nginx)`, `machine web of the lab shop (process 123)`. */
  readonly name: string;
  /** What gives the port back, when it is a machine of goqemu's. */
  readonly hint?: string;
}

/**
 * What the engine needs from a place where machines can run. It never prints, keeps no state of its own
 * beyond what it returns as records, and each acting verb converges when called again with the same
 * arguments after a crash. A record may then be one call behind the machine; after a crash in `create`
 * there is none, and `delete` is called with `{}`. `start` also takes a paused machine on. Errors are GoqemuErrors; a step that fails throws `step-failed` with
 * `data: { command, exitCode, output }`.
 */
export interface Backend {
  /** Recorded in the state: a state made by one kind of backend is refused by another. */
  readonly kind: string;

  // Looking: read-only, never blocked by another apply.
  resolveImage(reference: string, arch: Architecture, call: BackendCall): Promise<ResolvedImage>;
  observe(
    machines: readonly { readonly machine: MachineSpec; readonly record: BackendRecord }[],
    call: BackendCall,
  ): Promise<ReadonlyMap<string, ObservedMachine>>;
  /** Those that can be restored: one that is damaged is lost, and is told as a notice. */
  findLayers(keys: readonly string[], call: BackendCall): Promise<ReadonlyMap<string, StoredLayer>>;
  /** All layers of this lab, by key. */
  surveyLayers(call: BackendCall): Promise<ReadonlyMap<string, SurveyedLayer>>;
  /** Which of these loopback ports somebody else listens on. */
  takenPorts(ports: readonly number[], call: BackendCall): Promise<readonly number[]>;
  /** Who listens on a port that is taken, as far as this host tells. */
  portHolder(port: number, call: BackendCall): Promise<PortHolder | undefined>;
  /** What would fail, or be worse than asked for: said in the plan, before it is needed. */
  preflight(machines: readonly MachineSpec[], call: BackendCall): Promise<readonly Preflight[]>;
  /**
   * Looks at a machine that runs and that somebody else started, and tells how it is found again: the record is for
   * every other verb. Changes nothing, unless `authorize` asks for the lab's access key to be let in. `cutLayer` and
   * `restore` refuse such a machine, `start` takes it on when it is paused, and `delete` ends it and leaves its files.
   *
   * @throws GoqemuError `import-refused` with the reason and what to do
   */
  adopt(
    machine: MachineSpec,
    target: AdoptionTarget,
    options: { readonly authorize: boolean },
    call: BackendCall,
  ): Promise<AdoptedMachine>;
  /** Bytes of memory that the lab's machines may take together, with what those that run have already. */
  memoryBudget(call: BackendCall): Promise<number>;

  // Acting.
  ensureImage(image: ResolvedImage, arch: Architecture, call: BackendCall): Promise<ResolvedImage>;
  /** Makes the disk, from the image or from a layer of any machine; starts nothing. */
  create(machine: MachineSpec, origin: MachineOrigin, call: BackendCall): Promise<BackendRecord>;
  /** Boots and waits until the guest is ready; one made from a layer with RAM that fits goes on from it instead. */
  start(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord>;
  stop(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord>;
  /** Leaves no process, socket, disk or folder of the machine behind; layers stay. */
  delete(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<void>;
  runStep(machine: MachineSpec, record: BackendRecord, step: ResolvedStep, call: BackendCall): Promise<StepResult>;
  /**
   * Syncs the guests, then cuts all of these machines at one moment: every one stands still before the first is taken,
   * and none goes on before the last is. They go on above the new layers. `findLayers` finds all of the layers
   * afterwards or none, also when the process dies at any moment of it.
   *
   * @returns in the order of the cuts
   */
  cutLayers(cuts: readonly CutLayer[], call: BackendCall): Promise<readonly CutResult[]>;
  /** Takes the machine back to a layer and leaves it running and ready. */
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
  coalesceLayers(
    keys: readonly string[],
    call: BackendCall,
  ): Promise<{ readonly keys: readonly string[]; readonly bytes: number }>;
  /**
   * Lets a layer hold what the layers below it hold, so that it stands on its image alone. What stands on it goes on.
   *
   * @throws GoqemuError `layer-missing`, `flatten-failed`, `no-room`
   */
  flattenLayer(key: string, call: BackendCall): Promise<FlattenedLayer>;
  /** Removes layers that nothing in `keep` (or of another lab) reaches, or only tells what would go. */
  collectLayers(
    keep: readonly string[],
    call: BackendCall,
    options?: { readonly dryRun?: boolean },
  ): Promise<CollectedLayers>;
  /** Removes what the lab leaves besides its machines: folders, keys that no layer needs. */
  dispose(call: BackendCall): Promise<void>;
}
