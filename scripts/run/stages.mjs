import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

/** In a log of continuous integration Biome would colour every character. */
const plain = process.stdout.isTTY ? [] : ['--colors=off'];

/** The stages of `npm test`, the cheap ones first. Each is a command, or files for Node's test runner;
 * with `installed`, these files run on the package as a stranger would install it. */
export const stages = [
  { name: 'lint', title: 'Format and lint', command: ['biome', 'ci', '--error-on-warnings', ...plain, '.'] },
  { name: 'types', title: 'Types', command: ['tsc', '--noEmit'] },
  { name: 'layers', title: 'Layers', command: ['depcruise', '--config', '.dependency-cruiser.mjs', 'packages'] },
  { name: 'unused', title: 'Unused code and dependencies', command: ['knip', '--no-config-hints'] },
  { name: 'unit', title: 'Unit tests', folders: ['packages', 'test/unit'], concurrency: 2 },
  {
    name: 'package',
    title: 'The installed package',
    folders: ['test/packaging', 'test/cli'],
    concurrency: 2,
    installed: true,
  },
  { name: 'integration', title: 'Integration tests on real QEMU', folders: ['test/integration'], concurrency: 2 },
  { name: 'e2e', title: 'End-to-end tests on real QEMU', folders: ['test/e2e'], concurrency: 2, installed: true },
];

/** Files that end in `.test.ts` under a file or folder; Node 20's runner takes no patterns. */
export function testFiles(path, suffix = '.test.ts') {
  if (path.endsWith(suffix)) return [path];
  let entries;
  try {
    entries = readdirSync(join(root, path), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.name !== 'node_modules' && entry.name !== 'dist')
    .flatMap((entry) =>
      entry.isDirectory()
        ? testFiles(`${path}/${entry.name}`, suffix)
        : entry.name.endsWith(suffix)
          ? [`${path}/${entry.name}`]
          : [],
    )
    .sort();
}
