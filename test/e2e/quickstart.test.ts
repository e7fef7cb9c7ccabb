import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Terminal } from '../cli/terminal.ts';
import { installedPackage, labsFolder } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';
import { e2eHome } from './lab-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('npm run quickstart, typed in a fresh clone, makes a machine; the second one changes nothing', async () => {
  const clone = join(mkdtempSync(join(labsFolder(), 'clone-')), 'goqemu');
  const cloned = await runCommand('git', ['clone', '--quiet', root, clone]);
  assert.equal(cloned.code, 0, cloned.stderr);
  const env = { HOME: installedPackage.home, GOQEMU_HOME: e2eHome };
  await using terminal = await Terminal.start('sh', { folder: clone, env, columns: 120, rows: 60 });
  let count = 0;
  // Each line has an end of its own: that of the line before may still be on the screen.
  const typed = async (command: string, timeoutMs: number) => {
    const end = `end of line ${++count}`;
    await terminal.type(`clear; ${command}; echo "${end}: code $?"`, 'Enter');
    return terminal.until(new RegExp(`^${end}: code \\d+$`, 'm'), timeoutMs);
  };
  let destroy = 'node packages/goqemu/bin/goqemu.js destroy -l examples/quickstart';
  try {
    const first = await typed('npm run quickstart', 600_000);
    assert.match(first, /✔ web\n {2}✔ create[^\n]*\n {2}✔ run greeting[^\n]*\n {2}✔ run note/);
    assert.match(first, /code 0/);
    // What it says to type next is typed as it stands.
    const next = [...first.matchAll(/^ {2}(node \S+ (\S+)[^#\n]*?) +#/gm)].map(([, line = '', verb]) => ({
      line,
      verb,
    }));
    assert.deepEqual(
      next.map(({ verb }) => verb),
      ['exec', 'ssh', 'checkpoint', 'exec', 'checkpoint', 'destroy'],
    );
    const [look, , ...others] = next.map(({ line }) => line);
    assert.match(await typed(`${look}`, 60_000), /^Made by goqemu\.$/m);
    for (const command of others.slice(0, -1)) assert.match(await typed(command, 60_000), /code 0/, command);
    assert.match(await typed(`${look}`, 60_000), /^Made by goqemu\.$/m, 'the checkpoint brought it back');
    destroy = `${others.at(-1)}`;
    assert.match(await typed('npm run quickstart', 120_000), /Nothing to do[\s\S]*code 0/);
  } finally {
    const gone = await typed(`${destroy} --yes`, 120_000);
    assert.match(gone, /code 0/);
    rmSync(clone, { recursive: true });
  }
});
