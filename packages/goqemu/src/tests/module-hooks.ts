import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Loader, transformSync } from 'esbuild';
import { localInstall, ownCopy } from '../loader/sdk-location.ts';
import { collectVariable } from './collect-variable.ts';
import { ownFile } from './own-file.ts';

const registry = ownFile('test-registry');

/** What Node.js resolved or loaded by itself; in a hook of its own thread, a promise of that. */
type Next<Context, Result> = (specifier: string, context: Context) => Result;

interface ResolveContext {
  readonly parentURL?: string | undefined;
}

interface Loaded {
  readonly format: 'module';
  readonly source: string;
  readonly shortCircuit: true;
}

/**
 * Resolves what a test file, and what it imports, imports: `goqemu` is the file's own install where there is one, else the
 * copy that runs; a TypeScript file is found by the name that it has once it is compiled, and without its extension, as in
 * a lab.
 */
export function resolve<Result>(
  specifier: string,
  context: ResolveContext,
  next: Next<ResolveContext, Result>,
): Result {
  const from = context.parentURL?.startsWith('file:') ? fileURLToPath(context.parentURL) : undefined;
  if (from === undefined) return next(specifier, context);
  if (specifier === 'node:test' && process.env[collectVariable] !== undefined && context.parentURL !== registry)
    return next(registry, context);
  if (/^goqemu(?:$|\/)/.test(specifier)) {
    const own = localInstall(dirname(from)) ? undefined : ownCopy(specifier);
    return next(own === undefined ? specifier : pathToFileURL(own).href, context);
  }
  if (!/^\.{1,2}\//.test(specifier) || from.includes('node_modules')) return next(specifier, context);
  const url = new URL(specifier, context.parentURL);
  const source = sourceOf(fileURLToPath(url));
  return next(source === undefined ? specifier : pathToFileURL(source).href + url.search, context);
}

/** The TypeScript file that is meant by a path at which there is nothing. */
function sourceOf(path: string): string | undefined {
  if (existsSync(path) && extname(path) !== '') return undefined;
  const compiled = path.replace(/\.([cm]?)js$/, '.$1ts');
  return [compiled, `${path}.ts`].find((candidate) => candidate !== path && existsSync(candidate));
}

const loaders: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.mts': 'ts', '.tsx': 'tsx' };

/** Translates TypeScript; each file is an ES module, whatever the nearest package.json says, as a lab is. */
export function load<Context, Result>(url: string, context: Context, next: Next<Context, Result>): Result | Loaded {
  const loader = url.startsWith('file:') ? loaders[extname(new URL(url).pathname)] : undefined;
  if (loader === undefined || url.includes('/node_modules/')) return next(url, context);
  const file = fileURLToPath(url.replace(/[?#].*$/, ''));
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    loader,
    format: 'esm',
    target: `node${process.versions.node}`,
    sourcemap: 'inline',
    sourcesContent: false,
    sourcefile: file,
  });
  return { format: 'module', source: code, shortCircuit: true };
}
