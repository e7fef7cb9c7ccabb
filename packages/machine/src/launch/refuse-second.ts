import { connect } from 'node:net';
import { join } from 'node:path';
import { GoqemuError, type HostPlatform, removeFile, statIfThere, systemErrorCode } from '@goqemu/core';
import { type CommandLines, hostCommandLines } from '../process/command-line.ts';

/**
 * A second QEMU on the same sockets would take them from the first without a word. What a dead one left behind is
 * removed.
 *
 * @throws GoqemuError `machine-already-running`
 */
export async function refuseSecond(
  name: string,
  runtimeFolder: string,
  platform: HostPlatform,
  commandLines: CommandLines = hostCommandLines(),
): Promise<void> {
  const windows = platform.system === 'win32';
  const trace = join(runtimeFolder, windows ? 'keys.psk' : 'c');
  if (!(await statIfThere(trace))) return;
  const running = windows ? (await commandLines.containing(runtimeFolder)).length > 0 : await answers(trace);
  if (!running) return await removeFile(trace);
  throw new GoqemuError({
    code: 'machine-already-running',
    source: 'user',
    subject: name,
    message: `machine "${name}" is running already: its sockets in ${runtimeFolder} are in use`,
    hint: 'attach to it, or stop it first',
  });
}

/** A socket without a listener refuses. Other trouble, such as a queue that is full, is no sign that it is free. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      if (['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(systemErrorCode(error) ?? '')) resolve(false);
      else reject(error);
    });
  });
}
