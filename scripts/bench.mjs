/**
 * `npm run bench -- NAME… [--quick] [--json]`: runs packages/*\/bench/NAME.bench.ts, or `all` of them; without a name, lists
 * them. `--json` writes one document, with what the host is.
 */
import { basename } from 'node:path';
import { build } from './build.mjs';
import { run } from './run/run.mjs';
import { say } from './run/say.mjs';
import { testFiles } from './run/stages.mjs';
import { setUp } from './setup.mjs';

const suffix = '.bench.ts';
const benches = new Map(testFiles('packages', suffix).map((file) => [basename(file, suffix), file]));
const said = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const names = said.includes('all') ? [...benches.keys()] : said;
const options = process.argv.slice(2).filter((word) => word.startsWith('--'));
const unknown = names.find((name) => !benches.has(name));

if (names.length === 0 || unknown) {
  if (unknown) say(`No bench is called "${unknown}".`);
  say(`Benches: all, ${[...benches.keys()].join(', ')}`);
  process.exitCode = unknown ? 64 : 0;
} else if ((await setUp({ tests: false })) && (await build({ types: false }))) {
  const files = names.map((name) => benches.get(name));
  process.exitCode = await run(process.execPath, [
    '--import',
    'tsx',
    'scripts/run/bench-runner.mjs',
    ...options,
    ...files,
  ]);
} else process.exitCode = 1;
