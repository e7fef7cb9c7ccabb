import { compileTests } from './compiled-tests.mjs';
import { run } from './run.mjs';

const useInstalledPackage = ['--import', 'tsx', '--import', './scripts/run/use-installed-package.mjs'];

/**
 * Milliseconds after which a test file is ended, and fails by its name. The longest takes 8 minutes where it builds its
 * image; hosts differ threefold.
 */
const fileTimeoutMs = 25 * 60_000;

/** Runs test files on Node's own runner; its summary is the last thing printed. What runs the sources is compiled before;
 * what runs the installed package goes through tsx, and its imports of `goqemu` to that package. */
export async function runTests(
  files,
  { concurrency, installed = false, environment = {}, extra = [], timeoutMs = fileTimeoutMs },
) {
  return run(
    process.execPath,
    [
      ...(installed ? useInstalledPackage : ['--enable-source-maps']),
      '--test',
      '--test-reporter=spec',
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${timeoutMs}`,
      ...extra,
      ...(installed ? files : await compileTests(files)),
    ],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
}
