import { compileTests } from './compiled-tests.mjs';
import { run } from './run.mjs';

const useInstalledPackage = ['--import', 'tsx', '--import', './scripts/run/use-installed-package.mjs'];

/** Runs test files on Node's own runner; its summary is the last thing printed. What runs the sources is compiled before;
 * what runs the installed package goes through tsx, and its imports of `goqemu` to that package. */
export async function runTests(files, { concurrency, installed = false, environment = {}, extra = [] }) {
  return run(
    process.execPath,
    [
      ...(installed ? useInstalledPackage : ['--enable-source-maps']),
      '--test',
      '--test-reporter=spec',
      `--test-concurrency=${concurrency}`,
      ...extra,
      ...(installed ? files : await compileTests(files)),
    ],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
}
