import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../run/run.mjs';

const folder = join(root, 'packages', 'goqemu');

/**
 * Bundles the workspace's packages into packages/goqemu/dist: one file for each public entry and for each part
 * that loads late. Third-party packages stay imports; they are dependencies of the published package.
 */
export async function bundle() {
  const { build } = await import('esbuild');
  const dist = join(folder, 'dist');
  for (const name of existing(dist)) if (name.endsWith('.js')) rmSync(join(dist, name));
  const { dependencies = {}, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const result = await build({
    absWorkingDir: root,
    entryPoints: entryPoints(),
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    chunkNames: '[name]-[hash]',
    external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
    define: { GOQEMU_VERSION: JSON.stringify(version) },
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true, // less to read at start; names stay, for stacks that can be read
    keepNames: false,
    metafile: true,
    logLevel: 'warning',
  });
  return result.metafile;
}

/** Each file directly under src is an entry: the command line, the public API, and one for each subpath. */
export function entryPoints() {
  return readdirSync(join(folder, 'src'))
    .filter((name) => /^[a-z-]+\.ts$/.test(name) && !name.endsWith('.test.ts'))
    .map((name) => join('packages', 'goqemu', 'src', name));
}

function existing(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
