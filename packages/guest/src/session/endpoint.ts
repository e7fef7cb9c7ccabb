import type { Duplex } from 'node:stream';

/** As whom one logs in to a guest, and how it proves to be the right one. */
export interface GuestCredentials {
  readonly user: string;
  /** The private access key in OpenSSH's format. */
  readonly privateKey: string;
  /** The guest's public host key (`ssh-ed25519 AAAA…`), pinned: any other is refused, there is no trust on first use. */
  readonly hostKey: string;
}

/** Where a guest's sshd is reached, and as whom. */
export interface SshEndpoint extends GuestCredentials {
  readonly host: string;
  readonly port: number;
  /**
   * Opens a stream to the sshd, each time one is needed; the signal ends the attempt. Messages still name `host` and
   * `port`. @default a TCP connection to them
   */
  readonly open?: (signal: AbortSignal) => Promise<Duplex>;
}
