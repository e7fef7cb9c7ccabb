import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, extname, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GoqemuError, internalError, type SourceLocation } from '@goqemu/core';
import type { BuildFailure, Loader, Message, Plugin } from 'esbuild';
import { codeFrame } from './code-frame.ts';
import { withLeanImports } from './lean-imports.ts';
import { localInstall, ownCopy, sdkIndex } from './sdk-location.ts';

/** A lab and its relative imports as one ES module whose other imports are absolute. */
export interface BundledLab {
  readonly code: string;
  /** Absolute paths of the files that went in. */
  readonly inputs: readonly string[];
}

/**
 * Turns a lab into one module. Packages are resolved here and become absolute file URLs, so that the result runs
 * from the cache without any hook; `goqemu` is the lab's own install where there is one, else the running
 * command's copy.
 *
 * @throws GoqemuError `lab-syntax`, `lab-import`, with the place in the file
 */
export async function bundleLab(file: string): Promise<BundledLab> {
  const { build } = await import('esbuild');
  const folder = dirname(file);
  try {
    const result = await build({
      absWorkingDir: folder,
      entryPoints: [file],
      outfile: `${file}.bundle.mjs`,
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: `node${process.versions.node}`,
      conditions: ['node', 'import'],
      mainFields: ['main'],
      sourcemap: 'external',
      sourcesContent: false,
      metafile: true,
      logLevel: 'silent',
      define: {
        'import.meta.url': placeNames.url,
        'import.meta.filename': placeNames.filename,
        'import.meta.dirname': placeNames.dirname,
        __filename: placeNames.filename,
        __dirname: placeNames.dirname,
      },
      plugins: [packagesByAbsolutePath(folder), placesOfOrigin],
    });
    const code = result.outputFiles.find((output) => output.path.endsWith('.mjs'))?.text;
    const map = result.outputFiles.find((output) => output.path.endsWith('.map'))?.text;
    if (code === undefined || map === undefined) throw internalError('esbuild wrote no module for the lab');
    const lean = withLeanImports(code, pathToFileURL(sdkIndex(folder)).href);
    return { code: `${lean}${inlineMap(map, folder)}`, inputs: inputsOf(result.metafile.inputs, folder) };
  } catch (error) {
    const first = (error as Partial<BuildFailure>).errors?.[0];
    throw first ? await labError(first, file) : error;
  }
}

/** Names that stand for `import.meta` of each original file; declared at its beginning where it asks for them. */
const placeNames = { url: '__goqemuLabUrl', filename: '__goqemuLabFile', dirname: '__goqemuLabFolder' };

const placesOfOrigin: Plugin = {
  name: 'places-of-origin',
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!/\bimport\s*\.\s*meta\b|\b__(?:file|dir)name\b/.test(source)) return undefined;
      // On the first line, so that line numbers stay.
      const places = `var ${placeNames.url}=${JSON.stringify(pathToFileURL(path).href)},${placeNames.filename}=${JSON.stringify(path)},${placeNames.dirname}=${JSON.stringify(dirname(path))};`;
      return { contents: places + source.replace(/^#!.*/, ''), loader: loaders[extname(path)] ?? 'ts' };
    });
  },
};

const loaders: Readonly<Record<string, Loader>> = {
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
  '.tsx': 'tsx',
};

/** Marks a resolution that this plugin itself asks for. */
const asked = Symbol('asked');

function packagesByAbsolutePath(labFolder: string): Plugin {
  const installed = localInstall(labFolder);
  return {
    name: 'packages-by-absolute-path',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData, namespace }) => {
        if (kind === 'entry-point' || pluginData === asked || namespace !== 'file') return undefined;
        const required = kind === 'require-call';
        if (isBuiltin(path)) return required ? { path, namespace: 'required' } : { path, external: true };
        const own = /^goqemu(?:$|\/)/.test(path) && !installed ? ownCopy(path) : undefined;
        if (own) return required ? { path: own, namespace: 'required-sdk' } : external(own);
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: asked });
        // Errors pass on to esbuild's report; a workspace package linked to its sources is bundled with the lab.
        if (found.errors.length > 0 || !found.path.includes(`${sep}node_modules${sep}`)) return found;
        return required ? { path: found.path, namespace: 'required' } : external(found.path);
      });
      // What a CommonJS lab requires: Node.js gives out built-in modules and `require` without an import.
      build.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('node:module').createRequire(${JSON.stringify(`${labFolder}${sep}`)})(${JSON.stringify(path)});`,
      }));
      build.onLoad({ filter: /./, namespace: 'required-sdk' }, ({ path }) => ({
        contents: `export * from ${JSON.stringify(pathToFileURL(path).href)};`,
      }));
      build.onResolve({ filter: /./, namespace: 'required-sdk' }, ({ path }) => ({ path, external: true }));
    },
  };
}

function external(path: string) {
  return { path: pathToFileURL(path).href, external: true };
}

function inputsOf(inputs: Readonly<Record<string, unknown>>, folder: string): string[] {
  return Object.keys(inputs)
    .filter((name) => !/^required(?:-sdk)?:/.test(name))
    .map((name) => resolve(folder, name));
}

/** Node.js resolves the sources of a map against the module's own place; absolute URLs lead back from the cache. */
function inlineMap(text: string, folder: string): string {
  const map = JSON.parse(text) as { sources: string[] };
  map.sources = map.sources.map((source) =>
    /^required(?:-sdk)?:/.test(source) ? source : pathToFileURL(resolve(folder, source)).href,
  );
  return `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}\n`;
}

async function labError(message: Message, file: string): Promise<GoqemuError> {
  const at = message.location;
  const location: SourceLocation = at
    ? { file: resolve(dirname(file), at.file), line: at.line, column: at.column + 1 }
    : { file };
  const source = await readFile(location.file, 'utf8').catch(() => '');
  const frame = codeFrame(source, location);
  const unresolved = /^Could not resolve "([^"]+)"/.exec(message.text)?.[1];
  return new GoqemuError({
    code: unresolved ? 'lab-import' : 'lab-syntax',
    source: 'user',
    message: unresolved
      ? `the lab imports ${JSON.stringify(unresolved)}, which is not there`
      : `the lab cannot be read: ${message.text}`,
    location,
    ...(frame ? { detail: frame } : {}),
    hint: unresolved ? importHint(unresolved) : 'correct the file at this place',
  });
}

function importHint(specifier: string): string {
  if (specifier.startsWith('.')) return 'check the path; it is relative to the file that imports it';
  if (specifier === 'zod') return "import z from goqemu: import { defineLab, z } from 'goqemu'";
  return `install it beside the lab: npm install ${specifier}`;
}
