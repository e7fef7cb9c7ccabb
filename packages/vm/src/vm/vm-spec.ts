import type { HostNetwork } from '@goqemu/network';
import type { MachineIdentity, MachineSpec } from '@goqemu/spec';

/** Everything that makes a machine, with nothing left to default. Plain data. */
export interface VmSpec extends Omit<MachineSpec, 'kind' | 'network' | 'networks'> {
  /** @default user mode */
  readonly network?: HostNetwork;
}

export type VmIdentity = MachineIdentity;
