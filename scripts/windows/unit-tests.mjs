/** The unit tests as node.exe runs them: the same files, compiled for where Wine's programs see this checkout. */
import { join, relative } from 'node:path';
import { compileTests } from '../run/compiled-tests.mjs';
import { root } from '../run/run.mjs';
import { testFiles } from '../run/stages.mjs';

const seen = {
  path: (path) => ['C:', 'goqemu', ...relative(root, path).split('/')].join('\\'),
  url: (path) => `file:///C:/goqemu/${relative(root, path)}`,
};

/** Before the files of a package. */
export const unitTestCommand = [
  ...['C:\\node\\node.exe', '--enable-source-maps', '--test'],
  ...['--test-reporter=spec', '--test-concurrency=1', '--test-timeout=600000'],
];

const testRunner = seen.url(join(root, 'scripts', 'windows', 'not-on-wine.mjs'));

/**
 * @param packages names of folders in packages
 * @returns the compiled test files of each, as Windows has their paths
 */
export async function unitTests(packages) {
  const filesOf = packages.map((name) => testFiles(`packages/${name}`));
  const compiled = await compileTests(filesOf.flat(), { folder: join('.cache', 'windows-tests'), seen, testRunner });
  return filesOf.map((files) => compiled.splice(0, files.length).map((file) => seen.path(join(root, file))));
}
