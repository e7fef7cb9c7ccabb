import type { OpenOnce } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type {
  BackendCall,
  BackendRecord,
  CutLayer,
  GuestCredentials,
  LabScope,
  MachineSpec,
  ObservedMachine,
  SshFiles,
} from '@goqemu/lab';
import type { MachineRecord } from '@goqemu/machine';
import type { Transport } from '@goqemu/protocol';
import type { CutPart, StepGuest, VmHost } from '@goqemu/vm';

/** A machine that goqemu made, or one that was imported: what both are asked. Looking at one loads nothing that acts. */
export interface BackendMachine {
  observe(call: BackendCall): Promise<ObservedMachine>;
  /** Files that tell what it did: the serial console's output, and QEMU's own words. */
  readonly logs: { readonly console: string; readonly qemu: string };
  /** How it is reached; loaded with the first call. */
  reach(): Promise<MachineReach>;
  /** What acts on it, several times as much code; loaded with the first call. */
  verbs(): Promise<MachineVerbs>;
}

/** How a machine of either kind is reached. */
export interface MachineReach {
  /** Its QEMU. @throws GoqemuError `vm-stopped` */
  running(): Promise<MachineRecord>;
  /** goqemu's own program in the guest. @throws GoqemuError `far-end-absent` */
  commands(signal: AbortSignal): Promise<Transport>;
  credentials(): Promise<GuestCredentials>;
  /** Files for other SSH clients. */
  sshFiles(): Promise<SshFiles>;
}

/** What is done with a machine of either kind. */
export interface MachineVerbs {
  start(call: BackendCall): Promise<BackendRecord>;
  stop(call: BackendCall): Promise<BackendRecord>;
  /** @throws GoqemuError `suspend-refused` */
  suspend(call: BackendCall): Promise<BackendRecord>;
  /** @throws GoqemuError `ram-lost` */
  resume(call: BackendCall): Promise<BackendRecord>;
  delete(call: BackendCall): Promise<void>;
  /** @throws GoqemuError `imported-no-networks`, `guest-network-failed` */
  joinNetworks(call: BackendCall): Promise<BackendRecord>;
  /** @throws GoqemuError `forward-refused`, `port-taken` */
  setForwards(call: BackendCall): Promise<BackendRecord>;
  /** Where steps are carried out: its session is shared, and ends with the backend, or when the machine stops. */
  guest(): Promise<StepGuest>;
  /** @throws GoqemuError `imported-no-layers` for a machine whose disk is not goqemu's */
  restore(layer: string, call: BackendCall): Promise<BackendRecord>;
  /** Nothing of it is touched yet. @throws GoqemuError `imported-no-layers` */
  readyForCut(cut: CutLayer): Promise<ReadyForCut>;
  record(): Promise<BackendRecord>;
}

/** A machine's share in a cut, but for its monitor, which is opened when all are ready. */
export type ReadyForCut = Omit<CutPart, 'machine'> & { readonly isRunning: boolean };

/** Where a machine has its place: on which host, in whose folder. */
export interface MachinePlace {
  readonly host: VmHost;
  readonly spec: MachineSpec;
  readonly scope: LabScope;
  readonly labFolder: string;
  readonly sessions: OpenOnce<GuestSession>;
}
