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
  const goqemu = 'node packages/goqemu/bin/goqemu.js';
  await using terminal = await Terminal.start('sh', { folder: clone, env, columns: 100, rows: 40 });
  const typed = async (command: string, timeoutMs: number) => {
    await terminal.type(`clear; ${command}; echo "code $?"`, 'Enter');
    return terminal.until(/^code \d+$/m, timeoutMs);
  };
  try {
    const first = await typed('npm run quickstart', 600_000);
    assert.match(first, /✔ web\n {2}✔ create[^\n]*\n {2}✔ run greeting[^\n]*\n {2}✔ run note/);
    assert.match(first, /code 0/);
    const lab = '--lab examples/quickstart/lab.ts';
    assert.match(await typed(`${goqemu} exec ${lab} web -- cat /etc/motd`, 60_000), /^Made by goqemu\.$/m);
    assert.match(await typed('npm run quickstart', 120_000), /Nothing to do[\s\S]*code 0/);
  } finally {
    const gone = await typed(`${goqemu} destroy examples/quickstart/lab.ts --yes`, 120_000);
    assert.match(gone, /code 0/);
    rmSync(clone, { recursive: true });
  }
});
