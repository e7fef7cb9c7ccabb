import type { HostNetwork } from '@goqemu/network';

/** Everything that makes a machine, with nothing left to default. Plain data. */
export interface VmSpec {
  /** RFC 1123 label; also the name of its folder. */
  readonly name: string;
  /** Go's name of the guest's architecture. */
  readonly arch: 'amd64' | 'arm64';
  readonly firmware: 'bios' | 'uefi';
  readonly accelerator: 'auto' | 'kvm' | 'hvf' | 'whpx' | 'tcg';
  /** Bytes of RAM. */
  readonly memory: number;
  readonly cpus: number;
  /** Bytes of the disk as the guest sees it. */
  readonly disk: number;
  /** The ordinary user that cloud-init makes, with passwordless sudo. */
  readonly user: string;
  readonly identity: VmIdentity;
  /** Guest ports that are reachable on 127.0.0.1, by name. */
  readonly forwards: Readonly<Record<string, { readonly host: number; readonly guest: number }>>;
  /** User mode unless given. */
  readonly network?: HostNetwork;
}

/** What makes a machine itself, apart from its keys. */
export interface VmIdentity {
  readonly hostname: string;
  /** What cloud-init's instance-id begins with; another value makes a guest from a layer another machine. */
  readonly instanceId: string;
  readonly mac: string;
  /** machine-id(5). */
  readonly machineId: string;
  /** Loopback port that leads to the guest's port 22. */
  readonly sshPort: number;
}
