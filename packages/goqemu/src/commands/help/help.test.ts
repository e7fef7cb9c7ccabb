import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { topics } from '../../pages/topics.ts';
import { runInTestShell } from '../../shell/fixture/test-shell.ts';

const base = mkdtempSync(join(tmpdir(), 'goqemu-help-'));
after(() => rmSync(base, { recursive: true }));

const run = (...argv: string[]) => runInTestShell(argv, { workingFolder: base, home: join(base, 'home') });

test('help lists the pages beside the commands', async () => {
  const { stdout } = await run('help');
  for (const { name, summary } of topics) assert.match(stdout, new RegExp(`^  ${name} +${summary.slice(0, 10)}`, 'm'));
});

test('a page is found by its name, by its file, and one section of it alone', async () => {
  const page = await run('help', 'checkpoints');
  assert.match(page.stdout, /^Checkpoints\n\n {2}\S/);
  for (const name of ['checkpoints.md', 'docs/checkpoints.md'])
    assert.equal((await run('help', name)).stdout, page.stdout);
  const section = await run('help', 'lab#reboots');
  assert.match(section.stdout, /^ Reboots\n/);
  assert.ok(section.stdout.length < 5000);
});

test('what is a command and a page is answered with the command, which names the page', async () => {
  for (const words of [
    ['help', 'checkpoint'],
    ['help', 'checkpoint', 'create'],
    ['checkpoint', 'restore', '--help'],
  ]) {
    const { code, stdout } = await run(...words);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: goqemu/);
    assert.match(stdout, /^Page: goqemu help checkpoints$/m);
  }
});

test('a word that is neither gets the nearest of both, or the word for another tool’s', async () => {
  for (const [word, hint] of [
    ['lba', 'did you mean "goqemu help lab"?'],
    ['aply', 'did you mean "goqemu help apply"?'],
    ['lab#tim-outs', 'did you mean "goqemu help lab#time-outs"?'],
    ['lab#quite-another', 'its sections: machines, '],
    ['glossary#fork', 'it has no sections: "goqemu help glossary"'],
    ['snapshot', 'here that is "goqemu checkpoint create NAME"'],
    ['zzzzzzzz', 'see "goqemu help"'],
  ] as const) {
    const { code, stdout, stderr } = await run('help', word);
    assert.deepEqual([code, stdout], [64, ''], word);
    assert.ok(stderr.includes(hint), stderr);
  }
});

test('help topics are completed: commands and pages', async () => {
  const { stdout } = await run('__complete', '--', 'help', '');
  assert.match(stdout, /^checkpoints\t/m);
  assert.match(stdout, /^apply\t/m);
  assert.equal((await run('__complete', '--', 'help', 'lab', '')).stdout, 'words\n');
});
