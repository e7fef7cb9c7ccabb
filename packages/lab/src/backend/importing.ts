import type { FoundProperties, PortForward } from '@goqemu/spec';
import type { BackendRecord } from './call.ts';
import type { MachineDisplay } from './machine-display.ts';

/**
 * A machine that was not started by goqemu, in the words of the backend: on a host that is `{ pid }`, its process, or
 * `{ socket }`, the path of its monitor.
 */
export type ImportTarget = Readonly<Record<string, string | number>>;

/** A machine that was not started by goqemu, as it was found. */
export interface ImportableMachine extends FoundProperties {
  readonly record: BackendRecord;
  /** As in `ObservedMachine`. */
  readonly instance: string;
  readonly display?: MachineDisplay;
  readonly accelerator: string;
  readonly mac?: string;
  /** As the guest says it, where it can be asked. */
  readonly hostname?: string;
  /** Ports that are forwarded to the guest. */
  readonly forwards: readonly PortForward[];
  /** What cannot be done with it, in human-readable sentences. */
  readonly limits: readonly string[];
}
