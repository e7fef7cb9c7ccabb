import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './run.mjs';

/** What a lab imports, by the address that the loader gives it: it is compiled beside the tests, or each lab would have all of it translated again. */
const publicFiles = [
  'index',
  'describe',
  'schema',
  'qmp',
  'qga',
  'machine',
  'test',
  'testing',
  'vitest',
  'playwright',
  'backend',
].map((name) => join('packages', 'goqemu', 'src', `${name}.ts`));

/** Where this checkout lies for the node that runs the compiled files, which may see it by other paths. */
const here = { path: (path) => path, url: (path) => pathToFileURL(path).href };

/** The source that knows where {@link publicFiles} are: to it they are the compiled ones. */
const loadsPublicFiles = join('packages', 'goqemu', 'src', 'loader', 'sdk-location.ts');

/**
 * Compiles test files and the sources that they import, for files of which each starts in a process of its own: what a
 * loader would translate and look up in every one of them, hundreds of modules, is done once for all in two seconds.
 * The modules stay what they are: they are found by the places of their sources (`import.meta`), and npm's packages
 * are imported from where each package of the workspace has them.
 *
 * @param folder where the compiled files are put, from the root of this checkout
 * @param seen what a path of this host is where they run
 * @param testRunner what they import as `node:test`
 * @returns the compiled files, in the same order
 */
export async function compileTests(files, options = {}) {
  const { folder = join('.cache', 'compiled-tests'), seen = here, testRunner = 'node:test' } = options;
  const { build } = await import('esbuild');
  rmSync(join(root, folder), { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: [...files, ...publicFiles],
    outdir: folder,
    outbase: root,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'linked',
    plugins: [installedPackages(seen, testRunner), placesOfSources(folder, seen)],
    logLevel: 'warning',
  });
  return files.map((file) => join(folder, file.replace(/\.ts$/, '.mjs')));
}

const ours = /^(?:@goqemu\/|goqemu(?:\/|$))/;

const installedPackages = (seen, testRunner) => {
  const asked = {}; // marks a question that is this plugin's own
  return {
    name: 'installed-packages',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (kind === 'entry-point' || pluginData === asked || ours.test(path)) return undefined;
        if (path === 'node:test') return { path: testRunner, external: true };
        if (path.startsWith('node:')) return { path, external: true };
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: asked });
        return { path: isAbsolute(found.path) ? seen.url(found.path) : path, external: true };
      });
    },
  };
};

const placesOfSources = (folder, seen) => ({
  name: 'places-of-sources',
  setup(build) {
    const compiled = (path) => join(root, folder, relative(root, path).replace(/\.ts$/, '.mjs'));
    build.onLoad({ filter: /\.m?ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (path.includes(`${sep}node_modules${sep}`) || !source.includes('import.meta.')) return undefined;
      const { transform } = await import('esbuild');
      const place = path === join(root, loadsPublicFiles) ? compiled(path) : path;
      const { code } = await transform(source, {
        loader: 'ts',
        target: 'node20.19',
        sourcemap: 'inline',
        sourcefile: path,
        define: {
          'import.meta.url': JSON.stringify(seen.url(place)),
          'import.meta.dirname': JSON.stringify(seen.path(dirname(place))),
          'import.meta.filename': JSON.stringify(seen.path(place)),
        },
      });
      return { contents: code, loader: 'js' };
    });
  },
});
