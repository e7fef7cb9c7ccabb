import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type SshLibrary = typeof import('ssh2');

let loading: Promise<SshLibrary> | undefined;

/** ssh2, loaded when the first connection is made: importing this package must stay cheap. */
export function sshLibrary(): Promise<SshLibrary> {
  loading ??= load();
  return loading;
}

async function load(): Promise<SshLibrary> {
  // Node.js 20 leaves links in a module's path unresolved when the last thing that it looked at was a socket
  // (lib/fs.js, realpathSync, reads the result of the look before), and then does not find what ssh2 needs.
  statSync(fileURLToPath(import.meta.url));
  const { default: library } = await import('ssh2');
  return library as unknown as SshLibrary;
}
