/** The unit tests under node.exe: the same as `npm test -- unit` runs, but what scripts/windows/not-on-wine.mjs names. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { laneFolder, places } from '../../scripts/windows/lane-folder.ts';
import { unitTestCommand, unitTests } from '../../scripts/windows/unit-tests.mjs';
import { mountCheckout, wine } from '../../scripts/windows/wine.ts';

/** In the order of the layers. */
const packages = [
  'core',
  'spec',
  'protocol',
  'lab',
  'image',
  'network',
  'vm',
  'backend-qemu',
  'machine',
  'guest',
  'testing',
  'test',
  'goqemu',
];

/** The esbuild of this checkout is for the host; tests that start TypeScript take that of the installed package. */
const environment = {
  ESBUILD_BINARY_PATH: 'C:\\app\\node_modules\\@esbuild\\win32-x64\\esbuild.exe',
  NO_COLOR: '1',
};

before(async () => assert.ok(await mountCheckout(fileURLToPath(new URL('../..', import.meta.url)))));

const tests = await unitTests(packages);
for (const [at, name] of packages.entries())
  test(`the unit tests of ${name} pass under node.exe`, async (t) => {
    const output = join(laneFolder, 'log');
    const command = [...unitTestCommand, ...(tests[at]?.files ?? [])];
    const code = await wine(command, { environment, output, name: `unit-${name}`, cwd: places.checkout });
    const text = await readFile(join(output, `unit-${name}.stdout`), 'utf8');
    for (const file of tests[at]?.leftOut ?? []) t.diagnostic(`﹣ ${file}`);
    for (const line of text.match(/^\s*﹣ .*|^ℹ (?:tests|pass|fail|skipped) .*/gm) ?? []) t.diagnostic(line);
    assert.equal(code, 0, text.slice(text.indexOf('failing tests:')));
  });
