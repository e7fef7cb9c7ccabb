import { existsSync, realpathSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { internalError } from '@goqemu/core';

/** The subpaths that the published package has, besides `goqemu` itself. */
const subpaths = ['qmp', 'qga', 'machine', 'test', 'testing', 'vitest', 'playwright', 'backend'];

/** The nearest folder `node_modules/goqemu` above a lab, where its author installed one. */
export function localInstall(labFolder: string): string | undefined {
  return installedPackage(labFolder, 'goqemu');
}

/** The folder of a package that is installed in a folder or above it. */
export function installedPackage(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', ...name.split('/'));
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Where the running command's own copy of `goqemu` or `goqemu/qmp` lies; undefined for a subpath that there is not. */
export function ownCopy(specifier: string): string | undefined {
  const subpath = specifier === 'goqemu' ? 'index' : specifier.slice('goqemu/'.length);
  if (subpath !== 'index' && !subpaths.includes(subpath)) return undefined;
  // Bundled, all files lie side by side in dist; in the tests they run from src, or compiled one by one.
  const extension = extname(import.meta.url);
  const file = ['.js', '.cjs'].includes(extension) ? `./${subpath}.js` : `../${subpath}${extension}`;
  return fileURLToPath(new URL(file, import.meta.url));
}

/** The file that a lab's `import 'goqemu'` resolves to. */
export function sdkIndex(labFolder: string): string {
  const installed = localInstall(labFolder);
  const copy = installed ? join(realpathSync(installed), 'dist', 'index.js') : ownCopy('goqemu');
  if (copy === undefined) throw internalError('goqemu has no public entry');
  return copy;
}
