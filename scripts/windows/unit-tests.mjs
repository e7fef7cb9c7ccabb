/** The unit tests as node.exe runs them: the same files, compiled for where Wine's programs see this checkout. */
import { join, relative } from 'node:path';
import { compileTests } from '../run/compiled-tests.mjs';
import { root } from '../run/run.mjs';
import { testFiles } from '../run/stages.mjs';
import { filesNotOnWine } from './not-on-wine.mjs';

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

const leftOut = new Map(
  Object.entries(filesNotOnWine).flatMap(([reason, files]) => files.map((file) => [file, reason])),
);

/**
 * @param packages names of folders in packages
 * @returns of each the compiled test files, as Windows has their paths, and those that are left out, each with its reason
 */
export async function unitTests(packages) {
  const filesOf = packages.map((name) => testFiles(`packages/${name}`));
  const wanted = filesOf.map((files) => files.filter((file) => !leftOut.has(file)));
  const compiled = await compileTests(wanted.flat(), { folder: join('.cache', 'windows-tests'), seen, testRunner });
  return filesOf.map((files, at) => ({
    files: compiled.splice(0, wanted[at].length).map((file) => seen.path(join(root, file))),
    leftOut: files.filter((file) => leftOut.has(file)).map((file) => `${file} # ${leftOut.get(file)}`),
  }));
}
