import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));

/** Runs with a GOQEMU_HOME of its own: images are built once for all, layers and disks are this run's, and gone afterwards. */
export async function withBenchHome(work: (home: string) => Promise<void>): Promise<void> {
  const home = await mkdtemp(join(cache, 'bench-'));
  const before = process.env.GOQEMU_HOME;
  try {
    await mkdir(join(cache, 'e2e/home/img'), { recursive: true });
    await symlink(join(cache, 'e2e/home/img'), join(home, 'img'));
    process.env.GOQEMU_HOME = home;
    await mkdir(join(home, 'lab'));
    await work(home);
  } finally {
    if (before === undefined) delete process.env.GOQEMU_HOME;
    else process.env.GOQEMU_HOME = before;
    await rm(home, { recursive: true, force: true });
  }
}
