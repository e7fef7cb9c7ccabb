import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { projectFolder } from '../installed-package.ts';

const base = projectFolder();
after(() => rmSync(base, { recursive: true }));

const inDocs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...inDocs.map((name) => join('docs', name))];

/** The programs of a page, one file each in one folder; its first lab is the `lab.ts` that the others import. */
function writeExamples(page: string): string[] {
  const folder = join(base, page.replace(/\.md$/, '').replaceAll(/[\\/]/g, '-'));
  const files: string[] = [];
  for (const [, code = ''] of readFileSync(page, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)) {
    const isLab = code.includes('export default defineLab(') && !files.includes('lab.ts');
    files.push(isLab ? 'lab.ts' : `example-${files.length + 1}.ts`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, files.at(-1) ?? ''), code);
  }
  return files;
}

/** Beside the examples of testing.md: what fixtures of other runners do not have is a compile error. */
function writeWrongFixtures(runner: string): void {
  const code = `import { test as base } from '${runner === 'vitest' ? runner : '@playwright/test'}';
import { labFixtures } from 'goqemu/${runner}';
import lab from './lab.ts';
const test = base.extend(labFixtures('lab', lab, { at: 'ready', machines: ['web'], networks: ['lan'] }));
test('is typed', async ({ web, net, lab: shop }) => {
  const { exitCode } = await web.exec('true');
  exitCode satisfies number | null;
  (await shop.apply()).url satisfies string;
  await net.lan.heal();
  // @ts-expect-error a network that is not named
  await net.wan.heal();
  // @ts-expect-error a call that there is not
  web.nothing();
});
// @ts-expect-error a machine that is not named
test('has no other machine', async ({ db }) => db);
// @ts-expect-error an option of another test
labFixtures('lab', lab, { at: 'ready', matrix: { workers: [1] } });
`;
  writeFileSync(join(base, 'docs-testing', `wrong-${runner}.ts`), code);
}

test('every program in README.md and in docs has the types that it should', async () => {
  const examples = Object.fromEntries(pages.map((page) => [page, writeExamples(page)]));
  for (const page of [
    'README.md',
    'docs/sdk.md',
    'docs/lab.md',
    'docs/machine.md',
    'docs/protocol.md',
    'docs/guest.md',
    'docs/backends.md',
    'docs/testing.md',
    'docs/tutorial.md',
    ...inDocs.filter((name) => /^how-to.(?!powershell|ci)/.test(name)).map((name) => join('docs', name)),
  ])
    assert.ok(examples[page]?.length, `${page} has examples`);
  const settings = {
    extends: resolve('tsconfig.json'),
    compilerOptions: {
      // `goqemu` is the installed package, as it is for a reader; pages of inner packages show those.
      // Runners are found so from the package's own declarations, too.
      paths: {
        '@goqemu/*': [resolve('packages/*/src/index.ts')],
        vitest: [resolve('node_modules/vitest-4')],
        'vitest/config': [resolve('node_modules/vitest-4/config')],
        '@playwright/test': [resolve('node_modules/@playwright/test')],
      },
      typeRoots: [resolve('node_modules/@types')],
      noUnusedLocals: false, // a reader is shown what can be had, used or not
    },
    include: ['*/*.ts', resolve('packages/*/types')],
    exclude: [],
  };
  writeFileSync(join(base, 'tsconfig.json'), JSON.stringify(settings));
  for (const runner of ['vitest', 'playwright']) writeWrongFixtures(runner);
  const compiler = resolve('node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', base]).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  );
});
