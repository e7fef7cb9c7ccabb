import type { FoundProperties, PortForward } from '@goqemu/spec';
import type { BackendRecord } from './call.ts';

/** A QEMU that was not started by goqemu, by its process or by the socket of its monitor. */
export type ImportTarget = { readonly pid: number } | { readonly socket: string };

/** A machine that was not started by goqemu, as it was found. */
export interface ImportableMachine extends FoundProperties {
  readonly record: BackendRecord;
  readonly pid: number;
  readonly accelerator: string;
  readonly mac?: string;
  /** As the guest says it, where it can be asked. */
  readonly hostname?: string;
  /** TCP ports of this host that are forwarded to the guest. */
  readonly forwards: readonly PortForward[];
  /** What cannot be done with it, in human-readable sentences. */
  readonly limits: readonly string[];
}
