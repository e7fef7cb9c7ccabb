import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { installedPackage } from '../installed-package.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/**
 * A registry of npm on loopback, for `npm install goqemu` as a reader types it: it has the packed package, and the packages
 * that this depends on as they were installed with it. Others, such as builds for other systems, it does not have.
 */
export class PackageRegistry implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1);
    this.#answer(path).then(
      (body) => response.writeHead(body === undefined ? 404 : 200).end(body ?? '{"error":"not found"}'),
      (error) => response.writeHead(500).end(JSON.stringify({ error: String(error) })),
    );
  });

  static async start(): Promise<PackageRegistry> {
    const registry = new PackageRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** `NAME` is about all versions of a package, `-/FOLDER` one of them, packed. */
  async #answer(path: string): Promise<string | Buffer | undefined> {
    if (path.startsWith('-/')) return packed(Buffer.from(path.slice(2), 'base64url').toString());
    const folders = foldersOf(path);
    if (folders.length === 0) return undefined;
    const versions = await Promise.all(folders.map((folder) => this.#version(folder)));
    return JSON.stringify({
      name: path,
      'dist-tags': { latest: versions[0]?.version },
      versions: Object.fromEntries(versions.map((manifest) => [manifest.version, manifest])),
    });
  }

  async #version(folder: string) {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    const integrity = `sha512-${createHash('sha512')
      .update(await packed(folder))
      .digest('base64')}`;
    const tarball = `${this.url}-/${Buffer.from(folder).toString('base64url')}`;
    return { ...manifest, dist: { tarball, integrity } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Where the package lies, once for each version that is installed. */
function foldersOf(name: string, root = installedPackage.folder): readonly string[] {
  if (name === 'goqemu') return [installedPackage.folder];
  const modules = join(root, 'node_modules');
  if (!existsSync(modules)) return [];
  const inner = readdirSync(modules).flatMap((entry) =>
    entry.startsWith('@') ? readdirSync(join(modules, entry)).map((one) => join(entry, one)) : [entry],
  );
  const own = join(modules, name);
  return [
    ...(existsSync(join(own, 'package.json')) ? [own] : []),
    ...inner.flatMap((entry) => foldersOf(name, join(modules, entry))),
  ];
}

const archives = new Map<string, Promise<Buffer>>();

/** goqemu itself as pnpm packed it, another package as its folder is; npm leaves the name of the first folder out. */
function packed(folder: string): Promise<Buffer> {
  const known = archives.get(folder);
  if (known) return known;
  const archive = folder === installedPackage.folder ? Promise.resolve(packedGoqemu()) : tarOf(folder);
  archives.set(folder, archive);
  return archive;
}

function packedGoqemu(): Buffer {
  const name = readdirSync(installedPackage.base).find((one) => one.endsWith('.tgz')) ?? '';
  return readFileSync(join(installedPackage.base, name));
}

async function tarOf(folder: string): Promise<Buffer> {
  const words = ['-czf', '-', '--exclude=node_modules', '-C', dirname(folder), basename(folder)];
  const options = { encoding: 'buffer', maxBuffer: 256 * 2 ** 20 } as const;
  return (await promisify(execFile)('tar', words, options)).stdout;
}
