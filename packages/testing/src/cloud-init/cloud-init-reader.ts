import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unpackPackages } from '../debian-packages/unpack-packages.ts';

const run = promisify(execFile);

/** Debian releases by what their cloud-init is: 12 has 22.4, 13 has 25.1, sid the newest. */
export const cloudInitSuites = ['bookworm', 'trixie', 'sid'] as const;

/** What cloud-init imports, and what that imports: Debian 12's, which all three run on. */
const libraries = [
  ...['jsonschema', 'jinja2', 'configobj', 'requests', 'netifaces', 'serial', 'jsonpatch', 'yaml', 'oauthlib'],
  ...['attr', 'pyrsistent', 'markupsafe', 'json-pointer', 'urllib3', 'chardet', 'charset-normalizer', 'certifi'],
  ...['idna', 'six', 'blinker', 'jwt'],
].map((name) => `python3-${name}`);

/**
 * The cloud-init of a Debian release, run by the host's Python from packages that are unpacked and never installed.
 */
export class CloudInitReader {
  readonly #pythonPath: string;

  private constructor(pythonPath: string) {
    this.#pythonPath = pythonPath;
  }

  static async of(suite: (typeof cloudInitSuites)[number]): Promise<CloudInitReader> {
    const own = await unpackPackages({ name: `cloud-init-${suite}`, suite: () => suite, packages: ['cloud-init'] });
    const shared = await unpackPackages({ name: 'cloud-init-python', suite: () => 'bookworm', packages: libraries });
    return new CloudInitReader([own, shared].map((root) => join(root, 'usr/lib/python3/dist-packages')).join(':'));
  }

  /** What `cloud-init schema` says of a file with user-data. @throws when it finds it invalid */
  schema(file: string): Promise<string> {
    return this.#run(['-m', 'cloudinit.cmd.main', 'schema', '-c', file]);
  }

  /** Runs a script with cloud-init's own modules within reach. @returns its output, without the last line's end */
  python(script: string, ...args: readonly string[]): Promise<string> {
    return this.#run(['-c', script, ...args]);
  }

  async #run(args: readonly string[]): Promise<string> {
    const env = { ...process.env, PYTHONPATH: this.#pythonPath, PYTHONDONTWRITEBYTECODE: '1' };
    // cloud-init writes to /run/cloud-init whatever it is asked: it gets a /run of its own (mount_namespaces(7)).
    const script = 'mount -t tmpfs none /run && exec /usr/bin/python3 "$@"';
    const namespace = process.getuid?.() === 0 ? '-m' : '-rm';
    const { stdout } = await run('unshare', [namespace, 'sh', '-c', script, 'sh', ...args], { env });
    return stdout.trim();
  }
}
