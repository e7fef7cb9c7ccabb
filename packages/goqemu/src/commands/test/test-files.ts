import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { usageError } from '../../arguments/usage-error.ts';

const conventional = /\.lab\.test\.(?:[cm]?js|m?ts|tsx)$/;
const runnable = /\.(?:[cm]?js|m?ts|tsx)$/;

/**
 * The test files that are meant, absolute and sorted: those that are named, and those of the convention in folders.
 *
 * @throws GoqemuError `usage` where there is none
 */
export function findTestFiles(named: readonly string[], workingFolder: string): readonly string[] {
  const found = (named.length > 0 ? named : ['.']).flatMap((name) => filesAt(name, resolve(workingFolder, name)));
  if (found.length > 0) return [...new Set(found)].sort();
  throw usageError(
    `there is no test file in ${named.join(', ') || 'the working folder or below it'}`,
    'tests are in files that end in .lab.test.ts; name others: goqemu test web.test.ts',
  );
}

function filesAt(name: string, path: string): readonly string[] {
  const kind = statSync(path, { throwIfNoEntry: false });
  if (!kind) throw usageError(`there is no ${name}`, 'name test files, or folders with some');
  if (kind.isDirectory()) return below(path);
  if (runnable.test(path)) return [path];
  throw usageError(`${name} is no test file`, 'its name must end in .ts, .mts, .js or .mjs');
}

function below(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isFile()) return conventional.test(entry.name) ? [join(folder, entry.name)] : [];
    if (!entry.isDirectory() || entry.name === 'node_modules' || entry.name.startsWith('.')) return [];
    return below(join(folder, entry.name));
  });
}
