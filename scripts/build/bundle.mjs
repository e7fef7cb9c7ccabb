import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { root } from '../run/run.mjs';
import { thirdPartyLicences } from './licences.mjs';

const folder = join(root, 'packages', 'goqemu');
const source = join('packages', 'goqemu', 'src');

const commandLine = join(source, 'cli.ts');
const lookingAtMachines = join(source, 'host', 'qemu-backend.ts');

/**
 * What is built once more as one file each, instead of the sixty and more that would be found and read, a fifth of a
 * millisecond each; with the parts of it that load late and are in that file. The command line is there three times: for
 * `plan`, `status` and `graph`, for the commands that act, and for all others, whose work is in the first build. What acts
 * on machines loads when there is something to do.
 */
const wholes = [
  { name: 'cli', entry: commandLine, parts: [join(source, 'arguments', 'help.ts')] },
  { name: 'describe', entry: join(source, 'describe.ts'), parts: [] },
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
    entry: join('packages', 'backend-qemu', 'src', 'backend', 'reaching.ts'),
    parts: [join('packages', 'vm', 'src', 'guest', 'guest-channel.ts')],
  },
  {
    name: 'machines',
    entry: join('packages', 'backend-qemu', 'src', 'backend', 'acting.ts'),
    parts: [join('packages', 'machine', 'src', 'index.ts'), join('packages', 'vm', 'src', 'guest', 'guest-channel.ts')],
  },
];

/** Packages that stay imports: esbuild and ssh2 have native parts, tsx and undici load pieces of their own late. */
const external = ['esbuild', 'ssh2', 'tsx', 'undici'];

/** Packages in CommonJS within the bundle ask for `require`, which an ES module does not have. */
const requireForCommonJs =
  "import{createRequire as goqemuCreateRequire}from'node:module';const require=goqemuCreateRequire(import.meta.url);";

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
  for (const name of existing(dist)) if (name.endsWith('.js')) rmSync(join(dist, name));
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
    entryPoints: entryPoints().filter((entry) => !entry.endsWith(`${sep}describe.ts`)),
    splitting: true,
    chunkNames: '[name]-[hash]',
    banner: { js: requireForCommonJs },
    plugins: [lateLanguages],
  });
  const outputs = { ...parts.metafile.outputs };
  for (const { name, entry, parts: inside } of wholes) {
    const plugins = [lateLanguages, lateParts(parts.metafile, inside)];
    const { metafile } = await build({ ...options, entryPoints: { [name]: entry }, plugins });
    Object.assign(outputs, metafile.outputs);
  }
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES'), thirdPartyLicences(Object.keys(parts.metafile.inputs)));
  // What each file was made of and imports; not published.
  writeFileSync(join(dist, '.metafile.json'), JSON.stringify({ outputs }));
}

/**
 * What a file that is built whole loads late: what is not in it is in another whole one, or in the first build, which knows
 * errors and labs of another instance by their brand.
 */
function lateParts({ outputs }, inside) {
  const files = new Map(
    Object.entries(outputs).flatMap(([file, { entryPoint }]) =>
      entryPoint ? [[join(root, entryPoint), `./${basename(file)}`]] : [],
    ),
  );
  for (const { name, entry } of wholes) if (entry !== commandLine) files.set(join(root, entry), `./${name}.js`);
  for (const part of inside) files.delete(join(root, part));
  return {
    name: 'late-parts',
    setup(build) {
      build.onResolve({ filter: /./ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === asked) return undefined;
        const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: asked });
        const late = files.get(found.path);
        return late ? { path: late, external: true } : found;
      });
    },
  };
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
