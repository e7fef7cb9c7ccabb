import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { FakeHost } from '@goqemu/testing';
import { FakeHostBackend } from '../../packages/goqemu/src/host/fixture/fake-host-backend.ts';
import { runInTestShell } from '../../packages/goqemu/src/shell/fixture/test-shell.ts';

// Inside the checkout, so that the compiler finds its settings.
mkdirSync('.cache', { recursive: true });
const base = mkdtempSync(resolve('.cache', 'examples-'));
after(() => rmSync(base, { recursive: true }));

function run(argv: readonly string[], workingFolder: string) {
  const host = new FakeHost();
  const backend = async () => new FakeHostBackend({ host });
  return runInTestShell(argv, { workingFolder, home: join(base, 'home'), backend });
}

/** What a reader is likely to copy from a page. */
function examplesOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? '');
}

function labsOf(page: string): string[] {
  return examplesOf(page).filter((code) => code.includes('defineLab('));
}

/** Those that are whole: some show a line or two, some go on from another one. */
function programsOf(page: string): string[] {
  return examplesOf(page).filter((code) => code.includes("from 'goqemu'") && !code.includes("from './"));
}

// The others are programs over the SDK: the compiler checks them, and test/e2e runs what they show.
for (const name of readdirSync('examples').filter((name) => existsSync(join('examples', name, 'lab.ts'))))
  test(`the example ${name} plans, and is the same each time`, async () => {
    const { code, stderr } = await run(['plan', '--check-pure'], resolve('examples', name));
    assert.equal(code, 0, stderr);
  });

test('the labs in README.md plan, and the examples of the pages have the types that they should', async () => {
  const labs = labsOf('README.md');
  assert.ok(labs.length > 0);
  for (const [index, source] of labs.entries()) {
    const folder = join(base, `readme-${index}`);
    mkdirSync(join(folder, 'site'), { recursive: true });
    writeFileSync(join(folder, 'lab.ts'), source);
    const { code, stderr } = await run(['plan', '--check-pure'], folder);
    assert.equal(code, 0, stderr);
  }
  const pages = ['docs/sdk.md', 'docs/lab.md', 'docs/checkpoints.md'];
  const programs = pages.flatMap(programsOf);
  assert.ok(programs.length > 3);
  for (const [index, source] of programs.entries()) writeFileSync(join(base, `example-${index}.ts`), source);
  writeFileSync(
    join(base, 'tsconfig.json'),
    JSON.stringify({ extends: resolve('tsconfig.json'), include: ['readme-*/lab.ts', 'example-*.ts'], exclude: [] }),
  );
  await promisify(execFile)(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', base]).catch(
    (error: { stdout: string }) => assert.fail(error.stdout),
  );
});
