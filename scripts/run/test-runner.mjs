import { run } from './run.mjs';

const useInstalledPackage = ['--import', './scripts/run/use-installed-package.mjs'];

/** Runs test files on Node's own runner, TypeScript through tsx; its summary is the last thing printed. */
export function runTests(files, { concurrency, installed = false, environment = {}, extra = [] }) {
  return run(
    process.execPath,
    [
      '--import',
      'tsx',
      ...(installed ? useInstalledPackage : []),
      '--test',
      '--test-reporter=spec',
      `--test-concurrency=${concurrency}`,
      ...extra,
      ...files,
    ],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
}
