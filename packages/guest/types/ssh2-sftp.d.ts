declare module 'ssh2/lib/protocol/SFTP.js' {
  /** The class behind ssh2's `SFTPWrapper`, of which ssh2's public face has no more than instances. */
  export const SFTP: { readonly prototype: { push(data: Buffer | null): void; begun?: boolean } };
}
