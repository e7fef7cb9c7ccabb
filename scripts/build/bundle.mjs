import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { root } from '../run/run.mjs';
import { builtinModules } from './builtin-modules.mjs';
import { thirdPartyLicences } from './licences.mjs';

const folder = join(root, 'packages', 'goqemu');
const source = join('packages', 'goqemu', 'src');

const commandLine = join(source, 'cli.ts');
const lookingAtMachines = join(source, 'host', 'qemu-backend.ts');

/**
 * The programs of the command line, each a CommonJS module of one file that `start.js` evaluates with the code that V8 compiled
 * of it before; with the parts of it that load late and are in that file. The command line is there four times: for
 * `plan`, `status` and `graph`, for those that reach into a machine (`exec`, `ssh`, `cp`), for those that act, and for all
 * others, whose work is in the first build. What acts on machines, and what looks for their accelerator, load when there is
 * something to do.
 */
const programs = [
  { name: 'cli', entry: commandLine, parts: [join(source, 'arguments', 'help.ts')] },
  {
    name: 'look',
    entry: commandLine,
    parts: [join(source, 'commands', 'looking-commands.ts'), lookingAtMachines],
  },
  {
    name: 'act',
    entry: commandLine,
    parts: [
      join(source, 'commands', 'lab-commands.ts'),
      lookingAtMachines,
      join('packages', 'lab', 'src', 'engine', 'acting.ts'),
      join('packages', 'guest', 'src', 'index.ts'),
    ],
  },
  {
    name: 'reach',
    entry: commandLine,
    parts: [
      join(source, 'commands', 'reaching-commands.ts'),
      lookingAtMachines,
      join('packages', 'backend-qemu', 'src', 'backend', 'reaching.ts'),
      join('packages', 'vm', 'src', 'guest', 'guest-channel.ts'),
      join('packages', 'guest', 'src', 'index.ts'),
    ],
  },
  {
    name: 'reaching',
    entry: join('packages', 'backend-qemu', 'src', 'backend', 'reaching.ts'),
    parts: [join('packages', 'vm', 'src', 'guest', 'guest-channel.ts')],
  },
  { name: 'accelerator', entry: join('packages', 'vm', 'src', 'lifecycle', 'prove-accelerator.ts'), parts: [] },
  {
    name: 'machines',
    entry: join('packages', 'backend-qemu', 'src', 'backend', 'acting.ts'),
    parts: [join('packages', 'machine', 'src', 'index.ts'), join('packages', 'vm', 'src', 'guest', 'guest-channel.ts')],
  },
];

/** Built once more as one file each: what bundled labs import, and what starts a program. */
const small = ['describe.ts', 'start.ts'].map((name) => join(source, name));

/** Packages that stay imports: esbuild and ssh2 have native parts, tsx and undici load pieces of their own late. */
const external = ['esbuild', 'ssh2', 'tsx', 'undici'];

/** Those of them that are CommonJS: an import would search their text for what they export. */
const commonJs = ['esbuild', 'ssh2', 'undici'];

/** Packages in CommonJS within the bundle ask for `require`, which an ES module does not have. */
const requireForCommonJs =
  "import{createRequire as goqemuCreateRequire}from'node:module';const require=goqemuCreateRequire(import.meta.url);";

/** What `import.meta.url` is in a program. */
const addressForCommonJs = "const goqemuAddress=require('node:url').pathToFileURL(__filename).href;";

/**
 * zod's messages in some fifty languages are half of its code. English stays; the others are taken from the
 * installed zod when a lab asks for one of them: `z.config(z.locales.de())`.
 */
const lateLanguages = {
  name: 'late-languages',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path }) => {
      const names = [...readFileSync(path, 'utf8').matchAll(/default as (\w+)/g)].map(([, name]) => name);
      const late = names
        .filter((name) => name !== 'en')
        .map((name) => `export const ${name} = () => installed().${name}();`);
      const contents = [
        "export { default as en } from './en.js';",
        "import { createRequire } from 'node:module';",
        "const installed = () => createRequire(import.meta.url)('zod/v4/locales');",
        ...late,
      ].join('\n');
      return { contents, resolveDir: dirname(path) };
    });
  },
};

/**
 * Bundles the workspace's packages, and third-party ones in plain JavaScript, into packages/goqemu/dist: one file
 * for each public entry and for each part that loads late. Finding and reading hundreds of small files is most of
 * what starting a command costs.
 */
export async function bundle() {
  const { build } = await import('esbuild');
  const dist = join(folder, 'dist');
  for (const name of existing(dist)) if (/\.c?js$/.test(name)) rmSync(join(dist, name));
  const options = {
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: external.flatMap((name) => [name, `${name}/*`]),
    legalComments: 'none', // the licences are in a file of their own
    minifySyntax: true,
    minifyWhitespace: true, // less to read at start; names stay, for stacks that can be read
    metafile: true,
    logLevel: 'warning',
  };
  const parts = await build({
    ...options,
    entryPoints: entryPoints().filter((entry) => !small.includes(entry)),
    splitting: true,
    chunkNames: '[name]-[hash]',
    banner: { js: requireForCommonJs },
    plugins: [builtinModules, lateLanguages],
  });
  const outputs = { ...parts.metafile.outputs };
  const alone = await build({ ...options, entryPoints: small, plugins: [builtinModules, lateLanguages] });
  Object.assign(outputs, alone.metafile.outputs);
  for (const { name, entry, parts: inside } of programs) {
    const { metafile } = await build({
      ...options,
      format: 'cjs',
      outExtension: { '.js': '.cjs' },
      entryPoints: { [name]: entry },
      banner: { js: addressForCommonJs },
      define: { 'import.meta.url': 'goqemuAddress' },
      logOverride: { 'empty-import-meta': 'silent' }, // asked for where sources run, and nowhere else
      plugins: [builtinModules, lateLanguages, lateParts(parts.metafile, inside)],
    });
    Object.assign(outputs, metafile.outputs);
  }
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES'), thirdPartyLicences(Object.keys(parts.metafile.inputs)));
  // What each file was made of and imports; not published.
  writeFileSync(join(dist, '.metafile.json'), JSON.stringify({ outputs }));
}

/**
 * What a program loads late: what is not in it is another program, or in the first build, which knows errors and labs of
 * another instance by their brand.
 */
function lateParts({ outputs }, inside) {
  const files = new Map(
    Object.entries(outputs).flatMap(([file, { entryPoint }]) =>
      entryPoint ? [[join(root, entryPoint), `./${basename(file)}`]] : [],
    ),
  );
  for (const { name, entry } of programs) if (entry !== commandLine) files.set(join(root, entry), `./${name}.cjs`);
  for (const part of inside) files.delete(join(root, part));
  return {
    name: 'late-parts',
    setup(build) {
      build.onResolve({ filter: /./ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
        if (pluginData === asked) return undefined;
        if (kind !== 'dynamic-import')
          return path.endsWith('/import-module.ts') ? { path: importsModules, namespace: 'program' } : undefined;
        const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: asked });
        const late = found.external || path.startsWith('node:') ? path : files.get(found.path);
        return late ? { path: late, namespace: 'program' } : found;
      });
      build.onLoad({ filter: /./, namespace: 'program' }, ({ path }) => ({ contents: lateModule(path) }));
      build.onResolve({ filter: /./, namespace: 'program' }, ({ path }) => ({ path, external: true }));
    },
  };
}

const importsModules = 'import-module.ts';

/**
 * A script cannot import: for that Node.js 20 has an experiment that warns. It requires what is CommonJS or Node.js's own, and
 * has the rest imported by what evaluates it; `import()` of a module whose `then` is a function waits for that.
 */
function lateModule(path) {
  if (path === importsModules) return 'export const importModule = goqemuImport;';
  const isCommonJs = path.endsWith('.cjs') || commonJs.includes(path.split('/')[0]);
  if (path.startsWith('node:') || isCommonJs) return `module.exports = require(${JSON.stringify(path)});`;
  return `module.exports = { then: (done, failed) => goqemuImport(${JSON.stringify(path)}).then(done, failed) };`;
}

/** Marks a resolution that `lateParts` itself asks for. */
const asked = Symbol('asked');

/** Each file directly under src is an entry: the command line, the public API, and one for each subpath. */
export function entryPoints() {
  return readdirSync(join(folder, 'src'))
    .filter((name) => /^[a-z-]+\.ts$/.test(name) && !name.endsWith('.test.ts'))
    .map((name) => join(source, name));
}

function existing(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
