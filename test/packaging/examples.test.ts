import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { installedPackage, labsFolder } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';

const base = mkdtempSync(join(labsFolder(), 'examples-'));
after(() => rmSync(base, { recursive: true }));

function goqemu(argv: readonly string[], cwd: string) {
  const env = { HOME: installedPackage.home, GOQEMU_HOME: join(base, 'home'), GOQEMU_BACKEND: 'fake' };
  return runCommand(process.execPath, [installedPackage.command, ...argv], { cwd, env });
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
    // An example that was tried has its state beside it.
    cpSync(join('examples', name), folder, { recursive: true, filter: (path) => !path.includes('.goqemu') });
    const { code, stderr } = await goqemu(['plan', '--check-pure'], folder);
    assert.equal(code, 0, stderr);
  });

test('the labs in README.md plan', async () => {
  const labs = labsOf('README.md');
  assert.ok(labs.length > 0);
  for (const [index, source] of labs.entries()) {
    const folder = join(base, `readme-${index}`);
    mkdirSync(join(folder, 'site'), { recursive: true });
    writeFileSync(join(folder, 'lab.ts'), source);
    const { code, stderr } = await goqemu(['plan', '--check-pure'], folder);
    assert.equal(code, 0, stderr);
  }
});
