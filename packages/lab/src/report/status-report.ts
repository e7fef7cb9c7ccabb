/** How a machine is, as `status` shows it. */
export type MachineStatus =
  | 'running'
  | 'paused'
  | 'stopped'
  /** Its RAM is on the disk, and nothing of it runs. */
  | 'suspended'
  | 'crashed'
  /** Its process lives and does not answer at the moment. */
  | 'unresponsive'
  | 'absent'
  | 'damaged'
  /** Not all its steps have run, or one was interrupted. */
  | 'incomplete';

/** One machine in the document of `goqemu status --json`. */
export interface MachineReport {
  readonly name: string;
  readonly state: MachineStatus;
  /** Why, where it is not running. */
  readonly reason?: string;
  readonly pid: number | null;
  readonly ip: string | null;
  readonly ssh: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly identityFile: string | null;
  };
  /** The newest named checkpoint below the machine. */
  readonly checkpoint: string | null;
  readonly accelerator: string | null;
  /** How commands get into its guest; null while that is not known: it does not run, or no command has run yet. */
  readonly commands: { readonly way: 'channel' | 'ssh'; readonly reason: string | null } | null;
  /** Ports of the host's loopback that lead to ports of the guest, besides that of SSH. */
  readonly forwards: readonly ForwardReport[];
}

/** A port that is forwarded to a machine, in the document of `goqemu status --json`. */
export interface ForwardReport {
  /** As the lab names it. */
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  /** On 127.0.0.1. */
  readonly host: number;
  readonly guest: number;
  /** Added with `goqemu forward`. */
  readonly manual: boolean;
}

/** One network in the document of `goqemu status --json`. */
export interface NetworkReport {
  readonly name: string;
  /** Its IPv4 range. */
  readonly cidr: string;
  readonly state: 'running' | 'down' | 'absent';
  /** Why, where it is not running. */
  readonly reason?: string;
}

/** The document of `status --json`. Secret outputs are null. */
export interface StatusReport {
  readonly version: 1;
  readonly lab: string;
  readonly stack: string;
  /** Of a fork: the stack and the checkpoint that it was made from. */
  readonly forkedFrom: { readonly stack: string; readonly id: string; readonly description: string } | null;
  /** Stacks that are forks of this one. */
  readonly forks: readonly string[];
  readonly machines: readonly MachineReport[];
  readonly networks: readonly NetworkReport[];
  readonly outputs: Readonly<Record<string, unknown>>;
}
