/** Before `pnpm pack`: builds with declarations and puts the README beside the package's manifest. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { root } from './run/run.mjs';

for (const name of ['README.md', 'NOTICE']) copyFileSync(join(root, name), join(root, 'packages', 'goqemu', name));
process.exitCode = (await build({ types: true })) ? 0 : 1;
