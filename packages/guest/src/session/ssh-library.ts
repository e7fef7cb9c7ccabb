type SshLibrary = typeof import('ssh2');

let loading: Promise<SshLibrary> | undefined;

/** ssh2, loaded when the first connection is made: importing this package must stay cheap. */
export function sshLibrary(): Promise<SshLibrary> {
  loading ??= import('ssh2').then((module) => module.default as unknown as SshLibrary);
  return loading;
}
