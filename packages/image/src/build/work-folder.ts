import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GoqemuError,
  hostProcessTable,
  isAlive,
  type Logger,
  type ProcessIdentity,
  removeTree,
  silentLogger,
  sleep,
} from '@goqemu/core';
import { signalGroup } from './run-tool.ts';

const fileName = 'builder.json';
const graceMs = 5000;

/**
 * An empty folder for one build at a time, which the caller sees to with a lock: what an interrupted build with the
 * same name left behind is ended and cleared away first.
 */
export async function openWorkFolder(
  parent: string,
  name: string,
  logger: Logger = silentLogger,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const prefix = `.work-${name}-`;
  for (const left of await readdir(parent)) {
    if (!left.startsWith(prefix) || !/^[0-9a-f]{8}$/.test(left.slice(prefix.length))) continue;
    logger.log('info', 'image', `clearing away what an interrupted build left: ${left}`);
    await endLeftoverBuilder(join(parent, left));
    await removeWorkFolder(join(parent, left));
  }
  const path = join(parent, `${prefix}${randomBytes(4).toString('hex')}`);
  await mkdir(path, { mode: 0o755 });
  return { path, [Symbol.asyncDispose]: () => removeWorkFolder(path) };
}

/** Writes down which process works in a folder, in case that its parent ends without ending it. */
export async function recordBuilder(workFolder: string, pid: number): Promise<void> {
  const identity = await hostProcessTable().identify(pid);
  if (identity) await writeFile(join(workFolder, fileName), JSON.stringify(identity));
}

/**
 * Removes the folder of a build. What is mounted in it is the host's own and must not be emptied.
 *
 * @throws GoqemuError `build-leftover-mounted`
 */
async function removeWorkFolder(workFolder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''); // only Linux has it, and builds
  const inside = mounts.split('\n').flatMap((line) => {
    const point = line.split(' ')[4] ?? '';
    return point.startsWith(`${workFolder}/`) ? [point] : [];
  });
  if (inside.length > 0) {
    throw new GoqemuError({
      code: 'build-leftover-mounted',
      source: 'environment',
      subject: workFolder,
      message: `an interrupted build left folders of the host mounted: ${inside.join(', ')}`,
      hint: `unmount them as root: umount ${inside.reverse().join(' ')}`,
    });
  }
  await removeTree(workFolder);
}

/** Ends the process that an interrupted build left in its folder, and all of its group. */
async function endLeftoverBuilder(workFolder: string): Promise<void> {
  const text = await readFile(join(workFolder, fileName), 'utf8').catch(() => undefined);
  const identity = text === undefined ? undefined : parseIdentity(text);
  if (!identity || !(await isAlive(identity))) return;
  signalGroup(identity.pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && (await isAlive(identity))) await sleep(50);
  if (await isAlive(identity)) signalGroup(identity.pid, 'SIGKILL');
}

function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const identity = JSON.parse(text) as ProcessIdentity | null;
    return typeof identity?.pid === 'number' && identity.pid > 1 ? identity : undefined;
  } catch {
    return undefined; // cut short while it was written: nothing can be known of that process
  }
}
