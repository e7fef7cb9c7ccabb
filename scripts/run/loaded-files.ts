import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A file that a run evaluated. */
export interface LoadedFile {
  /** Relative to the checkout where it lies there. */
  readonly path: string;
  readonly bytes: number;
  /** The loaded file that names it; undefined for the first, and for one whose name is made up while it runs. */
  readonly wantedBy?: string;
  /** Bytes of it that are of each package, of this workspace or another's, the largest first; empty for one that was not bundled. */
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
}

/** A module of Node.js that it loads for this run and not for `node -e 0`. */
export interface LoadedModule {
  readonly name: string;
  /** Source files that ask for it; none where another module of Node.js does. */
  readonly wantedBy: readonly string[];
}

interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

/** Runs a program to its end with its output thrown away, and tells what it loaded and by whom that was wanted. */
export function whatLoads(
  words: readonly string[],
  place: {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly node?: string;
    /** Where the package lies whose program it is; the checkout's own by default. */
    readonly packageFolder?: string;
  },
): { readonly files: readonly LoadedFile[]; readonly modules: readonly LoadedModule[] } {
  const run = observed(words, place);
  const usual = new Set(observed(['-e', '0'], place).modules);
  const { outputs } = JSON.parse(readFileSync(join(root, 'packages/goqemu/dist/.metafile.json'), 'utf8')) as Metafile;
  const texts = new Map(run.files.map((path) => [path, readFileSync(path, 'utf8')]));
  const { packageFolder = join(root, 'packages/goqemu') } = place;
  const shown = (path: string) =>
    path.startsWith(packageFolder)
      ? join('packages/goqemu', relative(packageFolder, path))
      : path.startsWith(root)
        ? relative(root, path)
        : path;
  const files = run.files.map((path): LoadedFile => {
    const before = run.files.slice(0, run.files.indexOf(path)); // V8 tells of scripts in the order in which it met them
    const wantedBy = before.find((one) => texts.get(one)?.includes(basename(path)));
    return {
      path: shown(path),
      bytes: statSync(path).size,
      ...(wantedBy === undefined ? {} : { wantedBy: shown(wantedBy) }),
      parts: partsOf(outputs[shown(path)]?.inputs ?? {}),
    };
  });
  const sources = run.files.flatMap((path) => Object.keys(outputs[shown(path)]?.inputs ?? { [shown(path)]: 0 }));
  const modules = run.modules
    .filter((name) => builtinModules.includes(name) && !usual.has(name))
    .map((name) => ({ name, wantedBy: sources.filter((source) => asksFor(source, name)) }));
  return { files, modules };
}

/** V8 tells of every script that it ran (Node.js, “NODE_V8_COVERAGE”), Node.js of its own modules. */
function observed(
  words: readonly string[],
  {
    cwd,
    env,
    node = process.execPath,
  }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly node?: string },
) {
  const folder = mkdtempSync(join(tmpdir(), 'goqemu-loaded-'));
  try {
    const list = join(folder, 'modules.json');
    const atExit = `process.on('exit', () => process.getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(list)}, JSON.stringify(process.moduleLoadList)))`;
    execFileSync(node, ['--import', `data:text/javascript,${encodeURIComponent(atExit)}`, ...words], {
      cwd,
      env: { ...env, NODE_V8_COVERAGE: join(folder, 'coverage') },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [report = ''] = readdirSync(join(folder, 'coverage'));
    const { result } = JSON.parse(readFileSync(join(folder, 'coverage', report), 'utf8')) as {
      result: readonly { readonly url: string }[];
    };
    const files = result.map(({ url }) => (url.startsWith('file:') ? fileURLToPath(url) : ''));
    const modules = (JSON.parse(readFileSync(list, 'utf8')) as string[]).map((name) =>
      name.replace('NativeModule ', ''),
    );
    return { files: files.filter((path) => path !== '' && existsSync(path)), modules };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function partsOf(inputs: Metafile['outputs'][string]['inputs']): LoadedFile['parts'] {
  const parts = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    if (/^(?:builtin|program):/.test(path)) continue; // written by the build (scripts/build)
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split('/').slice(0, 2).join('/');
    parts.set(name, (parts.get(name) ?? 0) + bytesInOutput);
  }
  return [...parts].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

function asksFor(source: string, module: string): boolean {
  const path = join(root, source);
  if (!existsSync(path)) return false;
  return new RegExp(`(?:from|import\\(|require\\(|getBuiltinModule\\()\\s*['"](?:node:)?${module}['"]`).test(
    readFileSync(path, 'utf8').replaceAll(/^(?:import|export) type\b.*$/gm, ''), // types load nothing
  );
}
