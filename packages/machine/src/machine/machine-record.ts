import type { ProcessIdentity } from '@goqemu/core';
import type { Accelerator } from '../configuration/machine-config.ts';
import type { MachineSockets } from '../sockets/machine-sockets.ts';

/** Everything that finds a running machine again; JSON, to be kept in a state file. */
export interface MachineRecord extends ProcessIdentity {
  readonly name: string;
  readonly uuid: string;
  readonly qemuPath: string;
  /** QEMU's version as it says it. */
  readonly version: string;
  readonly sockets: MachineSockets;
  /** A folder of goqemu's own: for its sockets when goqemu started it, for the locks by which clients take turns. */
  readonly runtimeFolder: string;
  readonly serialLog?: string;
  /** What QEMU wrote on stdout and stderr. */
  readonly stderrLog?: string;
  readonly accelerator: Accelerator | 'unknown';
  /** Versioned, as passed to QEMU. */
  readonly machineType: string;
  /** The model with its features as passed to QEMU; empty where the machine type chose. */
  readonly cpu: string;
  /**
   * Those arguments that a saved state depends on; absent in the records of earlier versions, and of machines that were
   * found by their process or socket.
   */
  readonly guestArguments?: readonly string[];
}

/** The part of a record that tells one process from every other. */
export function identityOf(record: ProcessIdentity): ProcessIdentity {
  return { pid: record.pid, startTime: record.startTime, bootId: record.bootId };
}
