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
  const [{ default: library }, { SFTP }] = await Promise.all([import('ssh2'), import('ssh2/lib/protocol/SFTP.js')]);
  dropAhead(SFTP.prototype);
  return library as unknown as SshLibrary;
}

interface SftpStream {
  push(data: Buffer | null): void;
  begun?: boolean;
}

/**
 * Leaves out what a login shell's start files print ahead of the SFTP server's first packet, which ssh2 would take for
 * one. A packet begins with its length (draft-ietf-secsh-filexfer-02 §3), far below 2 ** 24, so with a zero; text has none.
 */
function dropAhead(stream: SftpStream): void {
  const push = stream.push;
  stream.push = function (this: SftpStream, data) {
    if (this.begun || data === null) return push.call(this, data);
    const start = data.indexOf(0);
    if (start < 0) return;
    this.begun = true;
    push.call(this, data.subarray(start));
  };
}
