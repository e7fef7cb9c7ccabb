/** A running machine in the words of its place, for `goqemu status`: nothing is decided by it. */
export interface MachineDisplay {
  /** The process that runs it on this host. */
  readonly pid?: number;
  /** The file of the private key that its SSH server accepts. */
  readonly identityFile?: string;
}

/** Where programs on this host reach a machine's SSH server: for display, and for other SSH clients. */
export interface SshAddress {
  readonly host: string;
  readonly port: number;
}
