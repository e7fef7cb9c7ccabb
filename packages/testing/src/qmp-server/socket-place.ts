import { basename, join } from 'node:path';

/** Where a server of a test listens, by a name in the test's folder: on Windows, where Node opens no sockets, a named pipe. */
export function socketPlace(folder: string, name: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\${basename(folder)}-${name}` : join(folder, name);
}
