import type { Duplex } from 'node:stream';
import type { MachineSpec } from '@goqemu/spec';
import type { BackendCall, BackendRecord } from './call.ts';
import type { SshAddress } from './machine-display.ts';

/**
 * What of a machine that runs can be opened: its SSH server, its first serial port, its monitor for reading commands; and
 * goqemu's own program in the guest, which takes commands without a handshake where there is one.
 */
export type Endpoint = 'ssh' | 'console' | 'monitor' | 'commands';

/** How one logs in to a guest, and by which key it is known. */
export interface GuestCredentials {
  readonly user: string;
  /** In OpenSSH's format. Never in a log, an event or a state. */
  readonly privateKey: string;
  /** The guest's public host key, `ssh-ed25519 AAAA…`: any other is refused. */
  readonly hostKey: string;
}

/** Which log is wanted, and how much of it. */
export interface LogRequest {
  /** `console`: what the guest wrote on its first serial port; `backend`: what the program that runs it wrote. */
  readonly log: 'console' | 'backend';
  /** Only so many lines of what is there already. @default all */
  readonly lines?: number;
  /** Continue with what is written from then on, until the call is aborted. @default false */
  readonly follow?: boolean;
}

/** Files for other SSH clients on this host: the private key, and a known_hosts file with the pinned host key. */
export interface SshFiles {
  readonly identityFile: string;
  readonly knownHostsFile: string;
}

/** A backend's role: how a machine is reached, wherever it runs. The caller closes what it opens. */
export interface EndpointRole {
  /**
   * Opens a stream to a machine that runs; destroying it closes the connection. A monitor serves its readers in turn.
   *
   * @throws GoqemuError `vm-stopped`, `connect-failed`; `far-end-absent` where commands have to go by SSH; one of the
   * backend's own where there is no such endpoint
   */
  openEndpoint(machine: MachineSpec, record: BackendRecord, endpoint: Endpoint, call: BackendCall): Promise<Duplex>;
  /** @throws GoqemuError where the lab's key was not let in */
  guestCredentials(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<GuestCredentials>;
  /** A log, running or not; nothing where nothing was written yet. */
  readLog(machine: MachineSpec, record: BackendRecord, request: LogRequest, call: BackendCall): AsyncIterable<Buffer>;
  /** Where programs on this host reach its SSH server while it runs. */
  sshAddress(machine: MachineSpec): SshAddress;
  /** Writes the files that another SSH client needs. */
  sshFiles(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<SshFiles>;
}
