import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { root } from '../run/run.mjs';

const named = /^(import|export) \{([^{}]*)\} from '([^']+)';/gm;
const everything = /^export \* from '([^']+)';/gm;

/**
 * Has each file import what it uses from the file that it is in, past the lists of names that packages have for people
 * (`@goqemu/vm`, `index.ts`). esbuild puts a file with every entry that reaches it in any way, so that one list in the
 * way of `plan` would bring in the whole package behind it.
 */
export const directImports = {
  name: 'direct-imports',
  setup(build) {
    const lists = new Map();
    build.onLoad({ filter: /[\\/]packages[\\/][^\\/]+[\\/]src[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: withDirectImports(await readFile(path, 'utf8'), path, lists),
      loader: 'ts',
    }));
  },
};

function withDirectImports(source, path, lists) {
  return source.replace(named, (statement, verb, names, specifier) => {
    const list = listBehind(path, specifier);
    if (!list) return statement;
    const places = placesIn(list, lists);
    const byFile = new Map();
    for (const { imported, local } of valuesIn(names)) {
      const place = places.get(imported) ?? { file: list, name: imported };
      byFile.set(place.file, [...(byFile.get(place.file) ?? []), `${place.name} as ${local}`]);
    }
    return [...byFile]
      .map(([file, some]) => `${verb} { ${some.join(', ')} } from ${JSON.stringify(specifierOf(path, file))};`)
      .join(' ');
  });
}

/** The list of names that a specifier leads to, undefined for a file of code or a third-party package. */
function listBehind(path, specifier) {
  const workspace = /^@goqemu\/([a-z-]+)$/.exec(specifier)?.[1];
  if (workspace) return join(root, 'packages', workspace, 'src', 'index.ts');
  return specifier.startsWith('.') && specifier.endsWith('/index.ts') ? join(dirname(path), specifier) : undefined;
}

/** Where each name of a list is from. */
function placesIn(list, lists) {
  const known = lists.get(list);
  if (known) return known;
  const places = new Map();
  lists.set(list, places);
  const source = readFileSync(list, 'utf8');
  for (const [, specifier] of source.matchAll(everything)) {
    const inner = join(dirname(list), specifier);
    if (specifier.endsWith('/index.ts')) for (const [name, place] of placesIn(inner, lists)) places.set(name, place);
  }
  for (const [, verb, names, specifier] of source.matchAll(named)) {
    if (verb !== 'export' || !specifier.startsWith('.')) continue;
    const file = join(dirname(list), specifier);
    const inner = specifier.endsWith('/index.ts') && existsSync(file) ? placesIn(file, lists) : undefined;
    for (const { imported, local } of valuesIn(names))
      places.set(local, inner?.get(imported) ?? { file, name: imported });
  }
  return places;
}

/** `a, type B, c as d`: the values among them, types being nothing at run time. */
function valuesIn(names) {
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .map((name) => {
      const [imported, local = imported] = name.split(' as ');
      return { imported, local };
    });
}

function specifierOf(path, file) {
  const way = relative(dirname(path), file).replaceAll('\\', '/');
  return way.startsWith('.') ? way : `./${way}`;
}
