import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../run/run.mjs';
import { thirdPartyLicences } from './licences.mjs';

const folder = join(root, 'packages', 'goqemu');

/** Packages that stay imports: esbuild and ssh2 have native parts, undici loads its own pieces late. */
const external = ['esbuild', 'ssh2', 'undici'];

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
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints(),
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    chunkNames: '[name]-[hash]',
    banner: { js: requireForCommonJs },
    external: external.flatMap((name) => [name, `${name}/*`]),
    plugins: [lateLanguages],
    legalComments: 'none', // the licences are in a file of their own
    minifySyntax: true,
    minifyWhitespace: true, // less to read at start; names stay, for stacks that can be read
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES'), thirdPartyLicences(Object.keys(metafile.inputs)));
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
