import type { Firmware, PortForward } from '@goqemu/spec';
import type { BackendRecord } from './call.ts';

/** A QEMU that somebody else started, by its process or by the socket of its monitor. */
export type ImportTarget = { readonly pid: number } | { readonly socket: string };

/** A machine that somebody else started, as it was found. */
export interface ImportableMachine {
  readonly record: BackendRecord;
  readonly pid: number;
  /** What it has, in the units of `MachineSpec`. */
  readonly arch: string;
  readonly firmware: Firmware;
  readonly accelerator: string;
  readonly memory: number;
  readonly cpus: number;
  readonly disk: number;
  readonly mac?: string;
  /** As the guest says it, where it can be asked. */
  readonly hostname?: string;
  /** TCP ports of this host that lead into the guest. */
  readonly forwards: readonly PortForward[];
  /** What cannot be done with it, in sentences for people. */
  readonly limits: readonly string[];
}
