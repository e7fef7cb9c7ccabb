import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import typescript from 'typescript';
import { root, run } from '../run/run.mjs';
import { entryPoints } from './bundle.mjs';

/**
 * Writes packages/goqemu/dist/types: the declarations that the public entries reach, and no others. The compiler
 * emits one file for each source; imports of workspace packages become relative paths.
 */
export async function declarations() {
  const emitted = mkdtempSync(join(tmpdir(), 'goqemu-types-'));
  try {
    const code = await run(process.execPath, [
      join('node_modules', 'typescript', 'bin', 'tsc'),
      '-p',
      'scripts/build/tsconfig.json',
      '--outDir',
      emitted,
    ]);
    if (code !== 0) return false;
    const target = join(root, 'packages', 'goqemu', 'dist', 'types');
    rmSync(target, { recursive: true, force: true });
    const seen = new Set();
    const pending = entryPoints()
      .filter((entry) => basename(entry) !== 'cli.ts')
      .map((entry) => entry.replace(/\.ts$/, '.d.ts').replaceAll('\\', '/'));
    for (let file = pending.pop(); file; file = pending.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      const source = readFileSync(join(emitted, file.replace(/^packages\//, '')), 'utf8');
      const { text, imports } = rewrite(file, source, typescript.preProcessFile(source, true).importedFiles);
      mkdirSync(dirname(join(target, place(file))), { recursive: true });
      writeFileSync(join(target, place(file)), text);
      pending.push(...imports);
    }
    return true;
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

/** `packages/lab/src/plan/plan.d.ts` is published as `lab/plan/plan.d.ts`. */
function place(file) {
  return file.replace(/^packages\/([^/]+)\/src\//, '$1/');
}

/** @param found where the compiler's own scanner found imports: an example in a comment is none */
function rewrite(file, source, found) {
  const imports = [];
  let text = source;
  for (const { fileName, pos } of found.toSorted((one, other) => other.pos - one.pos)) {
    const imported = declarationOf(file, fileName);
    if (!imported) continue;
    imports.push(imported);
    const path = relative(dirname(place(file)), place(imported))
      .replaceAll('\\', '/')
      .replace(/\.d\.ts$/, '.js');
    const quoted = JSON.stringify(path.startsWith('.') ? path : `./${path}`);
    text = text.slice(0, pos) + quoted + text.slice(pos + fileName.length + 2);
  }
  return { text, imports };
}

/** The declaration file behind an import, undefined for a third-party package. */
function declarationOf(file, name) {
  if (name.startsWith('.'))
    return join(dirname(file), name)
      .replaceAll('\\', '/')
      .replace(/\.(?:ts|js)$/, '.d.ts');
  const workspace = /^@goqemu\/([^/]+)(?:\/(.+))?$/.exec(name);
  if (!workspace) return undefined;
  const folder = `packages/${workspace[1]}`;
  const { exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const entry = exports[workspace[2] ? `./${workspace[2]}` : '.'];
  if (!entry || !existsSync(join(root, folder, entry)))
    throw new Error(`${file} imports ${name}, which is not exported`);
  return join(folder, entry).replaceAll('\\', '/').replace(/\.ts$/, '.d.ts');
}
