import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Terminal } from '../cli/terminal.ts';
import { installedPackage, labsFolder } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';
import { e2eHome } from './lab-folder.ts';
import { PackageRegistry } from './package-registry.ts';
import { assertShows, tutorialParts } from './tutorial.ts';

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
  let destroy = `node ${clone}/packages/goqemu/bin/goqemu.js destroy -l ${clone}/examples/quickstart`;
  try {
    const first = await typed('npm run quickstart', 600_000);
    assert.match(first, /✔ web\n {2}✔ create[^\n]*\n {2}✔ run greeting[^\n]*\n {2}✔ run note/);
    assert.match(first, /code 0/);
    // What it says to type next is typed as it stands, in the folder that it names.
    const folder = /^ {2}(cd \S+) +# /m.exec(first)?.[1];
    assert.match(await typed(`${folder}`, 60_000), /code 0/, first);
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
    // What an earlier run of the tutorial below left: its steps are to run, on this machine's layers.
    const prune = 'node ../../packages/goqemu/bin/goqemu.js checkpoint prune --yes';
    assert.match(await typed(prune, 60_000), /code 0/);
  } finally {
    const gone = await typed(`${destroy} --yes`, 120_000);
    assert.match(gone, /code 0/);
    rmSync(clone, { recursive: true });
  }
});

// After the quickstart, whose machine begins as the tutorial's does: Debian has booted once for both.
test('the tutorial, typed from its first line to its last in an empty folder, shows what it says', async () => {
  const folder = mkdtempSync(join(labsFolder(), 'tutorial-'));
  await using registry = await PackageRegistry.start();
  const env = {
    HOME: installedPackage.home,
    GOQEMU_HOME: e2eHome,
    npm_config_registry: registry.url,
    npm_config_cache: join(folder, '..', 'tutorial-npm-cache'),
    npm_config_ignore_scripts: 'true', // the package was installed with them before; one compiles for half a minute
  };
  await using terminal = await Terminal.start('sh', { folder, env, columns: 120, rows: 60 });
  await terminal.until(/^[#$]/m, 60_000); // what is typed before the shell asks for it shares a line with its first prompt
  await terminal.type('-l', `PS1='end of $((line = line + 1)): code $?> '`);
  await terminal.type('Enter');
  let line = 1;
  /** Types a command, answers the question that it may ask, and returns what it showed. */
  const typed = async (command: string) => {
    await terminal.until(new RegExp(`^end of ${line}: code \\d+> *$`, 'm'), 60_000);
    await terminal.type('-l', command);
    await terminal.type('Enter');
    const end = new RegExp(`^end of ${line}: [^\\n]*\\n([^]*?)^end of ${line + 1}: code (\\d+)>`, 'm');
    const asked = new RegExp(`^end of ${line}: [^]*\\[y/N\\] *\\s*$`, 'm');
    if (/ (?:apply|destroy)$/.test(command)) {
      await terminal.until(asked, 60_000);
      await terminal.type('y', 'Enter');
    }
    const [, shown = '', code] = end.exec(await terminal.until(end, 600_000)) ?? [];
    line++;
    return { shown, code: Number(code) };
  };
  try {
    for (const part of tutorialParts('docs/tutorial.md'))
      if (part.kind === 'file') {
        mkdirSync(dirname(join(folder, part.path)), { recursive: true });
        writeFileSync(join(folder, part.path), part.content);
      } else {
        const runs = [];
        for (const command of part.commands) runs.push({ command, ...(await typed(command)) });
        const screen = runs.map(({ shown }) => shown).join('');
        assertShows(screen, part.shows);
        if (!part.fails)
          for (const { command, code } of runs)
            assert.equal(
              code,
              0,
              `${command}
${screen}`,
            );
      }
  } finally {
    const left = await typed('npx goqemu destroy --yes');
    assert.equal(left.code, 0, left.shown);
    rmSync(folder, { recursive: true });
  }
});
