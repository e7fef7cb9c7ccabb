/** Where a guest's sshd is reached, as whom, and how it proves to be the right one. */
export interface SshEndpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The private access key in OpenSSH's format. */
  readonly privateKey: string;
  /** The guest's public host key (`ssh-ed25519 AAAA…`), pinned: any other is refused, there is no trust on first use. */
  readonly hostKey: string;
}
