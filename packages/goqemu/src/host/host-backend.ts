import type { GuestSession } from '@goqemu/guest';
import type { Backend, FoundMachine } from '@goqemu/lab';
import type { QmpClient, Transport } from '@goqemu/protocol';

/** What the command line needs of a place where machines run, beyond what the engine does. */
export interface HostBackend extends Backend, AsyncDisposable {
  machine(found: Pick<FoundMachine, 'spec' | 'record' | 'scope'>): HostMachine;
}

/** One machine for exec, ssh, cp, logs, console and qmp; the caller closes what it opens. */
export interface HostMachine {
  /** Connects with its first command. */
  openSession(): Promise<GuestSession>;
  /** The monitor for reading commands, in turn with others. */
  openMonitor(signal: AbortSignal): Promise<QmpClient>;
  /** The first serial port. */
  openConsole(signal: AbortSignal): Promise<Transport>;
  /** What was written while it ran: the serial console's output, QEMU's own. */
  readonly logs: { readonly console: string; readonly qemu: string };
  /** Files for other SSH clients: the lab's private key, and a known_hosts file with the pinned host key. */
  sshFiles(): Promise<{ readonly identityFile: string; readonly knownHostsFile: string }>;
}
