import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../.cache/e2e', import.meta.url));

export interface OwnMounts {
  /** Size of the file system that the program's folder is, as of tmpfs(5). */
  readonly home: string;
  /** Size of its /dev/shm. */
  readonly memory: string;
}

/**
 * Runs a program of the tests where its folder, and /dev/shm, are small file systems: mounts of its own (unshare(1)),
 * to which it can do what it likes. Its arguments are
 * the folder and the work that it is to do.
 *
 * @returns all that it wrote
 */
export async function onOwnMounts({ home, memory }: OwnMounts, program: string, work: string): Promise<string> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'mounts-'));
  try {
    const mounts = `mount -t tmpfs -o size=${home} none "$1" && mount -t tmpfs -o size=${memory} none /dev/shm`;
    const script = `${mounts} && exec "$0" --import tsx "$2" "$1" "$3"`;
    const own = process.getuid?.() === 0 ? '-m' : '-rm';
    const child = spawn('unshare', [own, 'sh', '-c', script, process.execPath, folder, program, work], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0, said);
    return said;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
