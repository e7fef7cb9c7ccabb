import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { FakeHost } from '@goqemu/testing';
import { FakeHostBackend } from '../../packages/goqemu/src/host/fixture/fake-host-backend.ts';
import { runInTestShell } from '../../packages/goqemu/src/shell/fixture/test-shell.ts';

mkdirSync('.cache', { recursive: true });
const base = mkdtempSync(resolve('.cache', 'examples-'));
after(() => rmSync(base, { recursive: true }));

function run(argv: readonly string[], workingFolder: string) {
  const host = new FakeHost();
  const backend = async () => new FakeHostBackend({ host });
  return runInTestShell(argv, { workingFolder, home: join(base, 'home'), backend });
}

/** The labs in the pages that a reader is likely to copy. */
function labsOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/```ts\n(.*?)```/gs)]
    .map(([, code]) => code ?? '')
    .filter((code) => code.includes('defineLab('));
}

// The others are programs over the SDK: the compiler checks them, and test/e2e runs what they show.
for (const name of readdirSync('examples').filter((name) => existsSync(join('examples', name, 'lab.ts'))))
  test(`the example ${name} plans, and is the same each time`, async () => {
    const folder = join(base, name);
    // Whoever has tried the example has its state beside it.
    cpSync(join('examples', name), folder, { recursive: true, filter: (path) => !path.includes('.goqemu') });
    const { code, stderr } = await run(['plan', '--check-pure'], folder);
    assert.equal(code, 0, stderr);
  });

test('the labs in README.md plan', async () => {
  const labs = labsOf('README.md');
  assert.ok(labs.length > 0);
  for (const [index, source] of labs.entries()) {
    const folder = join(base, `readme-${index}`);
    mkdirSync(join(folder, 'site'), { recursive: true });
    writeFileSync(join(folder, 'lab.ts'), source);
    const { code, stderr } = await run(['plan', '--check-pure'], folder);
    assert.equal(code, 0, stderr);
  }
});
