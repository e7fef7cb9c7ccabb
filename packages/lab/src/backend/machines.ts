import type { HostPort, MachineSpec, ObservedProperty } from '@goqemu/spec';
import type { ResolvedStep, StepResult } from '../step/resolved-step.ts';
import type { BackendCall, BackendRecord, LabScope } from './call.ts';
import type { ResolvedImage } from './images.ts';
import type { ImportableMachine, ImportTarget } from './importing.ts';
import type { MachineDisplay } from './machine-display.ts';
import type { PortProblem, Preflight } from './preflight.ts';

/** The result of a status check, with the real memory and cores of the machine where the backend knows them. */
export interface ObservedMachine extends Readonly<Partial<Pick<MachineSpec, ObservedProperty>>> {
  /**
   * `suspended`: its RAM is kept and nothing of it runs, `reason` says why when that RAM is lost; `absent`: no disk;
   * `damaged`: something of it is missing, named in `reason`.
   */
  readonly status: 'running' | 'paused' | 'stopped' | 'suspended' | 'crashed' | 'unresponsive' | 'absent' | 'damaged';
  readonly reason?: string;
  /** A file that the backend keeps of it is damaged and can be written again, which `start` does: what it is. */
  readonly repair?: string;
  /** What runs it, opaque: two machines have the same only when they are one. */
  readonly instance?: string;
  /** The layer that the disk stands on, and whether it is the very timeline that began there. */
  readonly layer?: string;
  readonly accelerator?: string;
  /** How commands get into its guest, once one has; `reason` says why they take SSH. */
  readonly commands?: CommandRoute;
  /** The guest's IPv4 address, where one is known. */
  readonly ip?: string;
  /** MAC address of the card that has the guest's address, where that is not the one of its specification. */
  readonly mac?: string;
  readonly display?: MachineDisplay;
}

/** The way by which commands get into a guest: a channel of goqemu's own, or SSH. */
export interface CommandRoute {
  readonly way: 'channel' | 'ssh';
  readonly reason?: string;
}

/** How a machine comes to be. */
export type MachineOrigin =
  | { readonly image: ResolvedImage }
  | {
      readonly layer: string;
      /** The machine that was cut: the new one has its identity, host key and access key, in a scope of its own. */
      readonly copyOf?: { readonly machine: MachineSpec; readonly scope: LabScope };
    };

/** A backend's role: machines, and the room that they take. */
export interface MachineRole {
  // Looking: read-only, never blocked by another apply.
  observe(
    machines: readonly { readonly machine: MachineSpec; readonly record: BackendRecord }[],
    call: BackendCall,
  ): Promise<ReadonlyMap<string, ObservedMachine>>;
  /** What keeps ports from being given to a machine now, for forwards and SSH: nothing for one that is free. */
  checkPorts(ports: readonly HostPort[], call: BackendCall): Promise<readonly PortProblem[]>;
  /** What would fail, or be worse than asked for: said in the plan, before it is needed. */
  preflight(machines: readonly MachineSpec[], call: BackendCall): Promise<readonly Preflight[]>;
  /** Bytes of memory that the lab's machines may take together, with what those that run have already. */
  memoryBudget(call: BackendCall): Promise<number>;
  /**
   * Inspects a running machine that was not started by goqemu, and returns how it is found again: the record is for
   * every other verb. Changes nothing, unless `authorize` asks for the lab's access key to be let in. `cutLayers` and
   * `restore` refuse such a machine, `start` resumes it when it is paused, and `delete` ends it and leaves its files.
   *
   * @throws GoqemuError `import-refused` with the reason and what to do
   */
  importMachine?(
    machine: MachineSpec,
    target: ImportTarget,
    options: { readonly authorize: boolean },
    call: BackendCall,
  ): Promise<ImportableMachine>;

  // Acting.
  /** Makes the disk, from the image or from a layer of any machine; starts nothing. */
  create(machine: MachineSpec, origin: MachineOrigin, call: BackendCall): Promise<BackendRecord>;
  /**
   * Boots and waits until the guest is ready. One made from a layer with RAM that fits, and one that is suspended, resume
   * from their RAM instead; where that cannot be used they boot, and a notice says why.
   */
  start(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord>;
  /** Of a suspended machine it drops the RAM. */
  stop(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord>;
  /**
   * Keeps the RAM of a running machine where it outlives the host's next start, and ends what runs of it. The guest is
   * synced before, so that its disk alone is complete. What fails leaves the machine running.
   *
   * @throws GoqemuError `suspend-refused` where its RAM cannot be kept
   */
  suspend?(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord>;
  /**
   * Takes a suspended machine on from its RAM, which is gone afterwards; never boots.
   *
   * @throws GoqemuError `ram-lost` when the RAM is lost or no longer fits: the machine is as it was
   */
  resume?(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord>;
  /**
   * Forwards to a running machine the ports that its spec says and no others; connections that were made stay. `start`,
   * `resume` and `restore` do the same for a machine that they bring up, or that runs already. What fails leaves the
   * ports as they were.
   *
   * @throws GoqemuError `port-taken` naming who has it
   */
  setForwards?(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord>;
  /** Leaves no process, socket, disk or folder of the machine behind; layers stay. */
  delete(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<void>;
  runStep(machine: MachineSpec, record: BackendRecord, step: ResolvedStep, call: BackendCall): Promise<StepResult>;
  /** Removes what the lab leaves besides its machines: folders, keys that no layer needs. */
  dispose(call: BackendCall): Promise<void>;
}
