/**
 * `npm run test:soak`: the long forms of the tests (more seeds, more cycles), one file after another, the unit tests
 * on the newest Node.js, and the Windows lane.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { installPackage } from './run/installed-package.mjs';
import { root, run } from './run/run.mjs';
import { heading } from './run/say.mjs';
import { stages, testFiles } from './run/stages.mjs';
import { runTests } from './run/test-runner.mjs';
import { setUp } from './setup.mjs';
import { runLane } from './windows/run-lane.mjs';

const paths = process.argv.slice(2);
/** Milliseconds that a file may take here. */
const timeoutMs = 4 * 3_600_000;
const environment = { GOQEMU_SOAK: '1' };
const ready = (await setUp({ tests: true, soak: true })) && (await build({ types: false }));
process.exitCode = ready ? await soak() : 1;

async function soak() {
  for (const { title, folders = [], installed } of stages) {
    const files = wanted(folders);
    if (files.length === 0) continue;
    heading(`Soak: ${title}`);
    if (installed && !(await installPackage())) return 1;
    const code = await runTests(files, { concurrency: 1, installed, timeoutMs, environment });
    if (code !== 0) return code;
  }
  if (paths.length === 0) {
    heading('Unit tests on the newest Node.js');
    const code = await run('npx', ['--yes', '--package=node@latest', '--', 'node', 'scripts/test.mjs', 'unit']);
    if (code !== 0) return code;
  }
  const lane = wanted(['test/windows']); // at the end, since it needs root
  return lane.length > 0 ? runLane('Soak: The Windows lane', lane, { timeoutMs, environment }) : 0;
}

function wanted(folders) {
  return folders.flatMap(longForms).filter((file) => paths.length === 0 || paths.some((path) => file.startsWith(path)));
}

/** Files that are only for this, and tests that read GOQEMU_SOAK, which run longer when it is set. */
function longForms(folder) {
  return [
    ...testFiles(folder, '.soak.ts'),
    ...testFiles(folder).filter((file) => readFileSync(join(root, file), 'utf8').includes('GOQEMU_SOAK')),
  ];
}
