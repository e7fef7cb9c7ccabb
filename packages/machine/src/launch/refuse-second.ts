import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GoqemuError, type HostPlatform } from '@goqemu/core';
import { type CommandLines, hostCommandLines } from '../process/command-line.ts';
import { openEndpoint } from '../sockets/turns.ts';

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
  if (!(await stat(trace).catch(() => undefined))) return;
  const running = windows
    ? (await commandLines.containing(runtimeFolder)).length > 0
    : await answers({ kind: 'unix', path: trace });
  if (!running) return await rm(trace, { force: true });
  throw new GoqemuError({
    code: 'machine-already-running',
    source: 'user',
    subject: name,
    message: `machine "${name}" is running already: its sockets in ${runtimeFolder} are in use`,
    hint: 'attach to it, or stop it first',
  });
}

async function answers(endpoint: Parameters<typeof openEndpoint>[0]): Promise<boolean> {
  return await openEndpoint(endpoint).then(
    async (transport) => {
      await transport.close();
      return true;
    },
    () => false,
  );
}
