import type { Backend, LabScope, MachineSpec } from '@goqemu/lab';

/** What the command line needs of a place where machines run, beyond what the engine does. */
export interface HostBackend extends Backend, Partial<AsyncDisposable> {
  /** A session of the caller's own; it connects with its first command. */
  openSession(machine: MachineSpec, scope: LabScope): Promise<unknown>;
}
