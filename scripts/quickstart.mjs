/** `npm run quickstart`: from a fresh checkout to a running virtual machine. */
import { build } from './build.mjs';
import { run } from './run/run.mjs';
import { setUp } from './setup.mjs';

const ready = (await setUp({ tests: false })) && (await build({ types: false }));
process.exitCode = ready
  ? await run(process.execPath, [
      'packages/goqemu/bin/goqemu.js',
      'apply',
      'examples/quickstart/lab.ts',
      '--yes',
      ...process.argv.slice(2),
    ])
  : 1;
