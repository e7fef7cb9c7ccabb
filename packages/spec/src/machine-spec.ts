import type { Accelerator } from './accelerator.ts';
import type { Architecture } from './architecture.ts';
import type { Firmware } from './firmware.ts';
import type { MachineTimeouts } from './machine-timeouts.ts';
import type { CardIdentity } from './network-spec.ts';
import type { PortForward } from './port-forward.ts';

/** A machine, complete: every default filled in and every value allocated. Plain data, safe to write to a plan. */
export interface MachineSpec {
  readonly name: string;
  /** A template is provisioned, checkpointed and stopped: a base for machines, not a machine of the lab. */
  readonly kind: 'vm' | 'template';
  readonly arch: Architecture;
  readonly firmware: Firmware;
  readonly accelerator: Accelerator;
  /** Bytes of RAM. */
  readonly memory: number;
  readonly cpus: number;
  /** Bytes of the disk as the guest sees it. */
  readonly disk: number;
  /** It has a screen, a keyboard and a pointer, which nothing shows: pictures are taken of it, and input is sent to it. */
  readonly display: boolean;
  /** The guest's ordinary user, who logs in and has passwordless sudo. */
  readonly user: string;
  readonly identity: MachineIdentity;
  /** By the name that the lab gave them. */
  readonly forwards: Readonly<Record<string, PortForward>>;
  /** Those that differ from the defaults. */
  readonly timeouts: MachineTimeouts;
  /** Names of the networks of the lab that it is in; absent for a machine that is in none. */
  readonly networks?: readonly string[];
  /** It has an address on the host's own network. Absent for one that is behind the host's. */
  readonly network?: 'host';
  /** It reaches its networks and nothing else but by them. Absent for one that reaches what the host reaches. */
  readonly wayOut?: 'none';
}

/**
 * What makes a machine itself; in no shared layer, given when a machine is made from one.
 * Host keys and access keys belong to it too, but are secret: the backend keeps them.
 */
export interface MachineIdentity {
  /** RFC 1123 label. */
  readonly hostname: string;
  /** cloud-init's instance-id; another value makes cloud-init treat the disk as a new machine. */
  readonly instanceId: string;
  /** Locally administered unicast address, `52:54:00:…`. */
  readonly mac: string;
  /** machine-id(5): 32 lower-case hex digits. */
  readonly machineId: string;
  /** The host's loopback port that is forwarded to the guest's SSH server. */
  readonly sshPort: number;
  /** Its cards in the networks of the lab, by their slots; absent for a machine that has none. */
  readonly cards?: readonly CardIdentity[];
}
