/** Before `pnpm pack`: builds with declarations and puts the README and the docs beside the package's manifest. */
import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { root } from './run/run.mjs';

const folder = join(root, 'packages', 'goqemu');
for (const name of ['README.md', 'NOTICE']) copyFileSync(join(root, name), join(folder, name));
rmSync(join(folder, 'docs'), { recursive: true, force: true }); // a page that is gone is not published
cpSync(join(root, 'docs'), join(folder, 'docs'), { recursive: true, filter: (path) => !/[\\/]\.[^\\/]+$/.test(path) });
process.exitCode = (await build({ types: true })) ? 0 : 1;
