import { mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../.cache/e2e', import.meta.url));

/** A home and a folder for sockets of one test's own, so that everything in them is what that test left. */
export class OwnHome implements AsyncDisposable {
  readonly path: string;
  readonly runtime: string;

  private constructor(path: string, runtime: string) {
    this.path = path;
    this.runtime = runtime;
  }

  static async make(): Promise<OwnHome> {
    await mkdir(cache, { recursive: true });
    // Paths of sockets are short (unix(7)).
    return new OwnHome(await mkdtemp(join(cache, 'home-')), await mkdtemp(join(tmpdir(), 'gq-')));
  }

  get env(): Readonly<Record<string, string>> {
    return { GOQEMU_HOME: this.path, XDG_RUNTIME_DIR: this.runtime };
  }

  /** Every process that was given this home, with the arguments it has. */
  async processes(): Promise<readonly { readonly pid: number; readonly arguments: readonly string[] }[]> {
    const found = await Promise.all(
      (await readdir('/proc'))
        .filter((name) => /^\d+$/.test(name))
        .map(async (name) => {
          const [environment, line] = await Promise.all([
            readOrNothing(`/proc/${name}/environ`),
            readOrNothing(`/proc/${name}/cmdline`),
          ]);
          const isOurs = (text: string) => text.includes(this.path) || text.includes(this.runtime);
          const mine = environment.split('\0').includes(`GOQEMU_HOME=${this.path}`) || isOurs(line);
          // A zombie has no arguments any more: it is gone, and waits for its parent to look.
          return mine && line !== '' ? [{ pid: Number(name), arguments: line.split('\0') }] : [];
        }),
    );
    return found.flat();
  }

  /** TCP ports that processes of this home listen on. */
  async ports(): Promise<readonly number[]> {
    const processes = await this.processes();
    const sockets = new Set((await Promise.all(processes.map(({ pid }) => socketsOf(pid)))).flat());
    const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1);
    return lines.flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const listens = state === '0A' && sockets.has(inode);
      return listens ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : [];
    });
  }

  /** Every file and empty folder below a folder of the home, or of the sockets. */
  files(folder = ''): Promise<readonly string[]> {
    return filesBelow(join(this.path, folder));
  }

  runtimeFiles(): Promise<readonly string[]> {
    return filesBelow(this.runtime);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    await rm(this.runtime, { recursive: true, force: true });
  }
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

async function socketsOf(pid: number): Promise<readonly string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/** A process may end while one looks at it. */
async function readOrNothing(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
