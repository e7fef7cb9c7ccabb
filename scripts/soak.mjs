/**
 * `npm run test:soak`: the long forms of the tests (more seeds, more cycles), one file after another, and the unit and
 * integration tests on the newest Node.js.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { root, run } from './run/run.mjs';
import { heading } from './run/say.mjs';
import { testFiles } from './run/stages.mjs';
import { runTests } from './run/test-runner.mjs';
import { setUp } from './setup.mjs';

const paths = process.argv.slice(2);
const ready = (await setUp({ tests: true })) && (await build({ types: false }));
if (ready) {
  heading('Soak');
  const files = ['packages', 'test']
    .flatMap((folder) => [...testFiles(folder, '.soak.ts'), ...testFiles(folder).filter(hasLongForm)])
    .filter((file) => paths.length === 0 || paths.some((path) => file.startsWith(path)));
  process.exitCode = await runTests(files, { concurrency: 1, environment: { GOQEMU_SOAK: '1' } });
  if (process.exitCode === 0 && paths.length === 0) {
    heading('Unit and integration tests on the newest Node.js');
    process.exitCode = await run('npx', ['--yes', '--package=node@latest', '--', 'node', 'scripts/test.mjs', 'unit']);
  }
} else process.exitCode = 1;

/** A test that reads GOQEMU_SOAK runs longer when it is set. */
function hasLongForm(file) {
  return readFileSync(join(root, file), 'utf8').includes('GOQEMU_SOAK');
}
