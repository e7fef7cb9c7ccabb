import type { FoundProperties, PortForward } from '@goqemu/spec';
import type { BackendRecord } from './call.ts';

/** A QEMU that somebody else started, by its process or by the socket of its monitor. */
export type ImportTarget = { readonly pid: number } | { readonly socket: string };

/** A machine that somebody else started, as it was found. */
export interface ImportableMachine extends FoundProperties {
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
