import type { MachineRecord } from '@goqemu/machine';

/** How a machine that was started outside goqemu is found again; JSON, without secrets. */
export interface AdoptedRecord {
  readonly machine: MachineRecord;
  /** Path of its system disk, which stays whatever becomes of the machine. */
  readonly disk: string;
  /** The host key that its SSH server shows, read through the guest's agent when access was asked for. */
  readonly hostKey?: string;
}
