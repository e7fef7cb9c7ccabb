import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const program = `const { main } = await import(${JSON.stringify(pathToFileURL(`${import.meta.dirname}/cli.ts`).href)}); await main();`;

function start(words: readonly string[], stdout: number | 'pipe') {
  // What follows -e are the words after the program's name.
  const arguments_ = [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    `process.argv.splice(1, 0, 'goqemu'); ${program}`,
  ];
  return spawn(process.execPath, [...arguments_, ...words], { stdio: ['ignore', stdout, 'pipe'] });
}

test('a result that cannot be written is an error in words, with exit code 1', async () => {
  const full = openSync('/dev/full', 'w');
  const child = start(['help'], full);
  closeSync(full);
  const [words, [code]] = await Promise.all([text(child.stderr ?? assert.fail()), once(child, 'exit')]);
  assert.equal(code, 1);
  assert.match(
    words,
    /^error: the result could not be written to standard output: .*no room is left.*\[output-failed\]/,
  );
  assert.doesNotMatch(words, /\n\s+at |internal/);
});

test('a reader that has had enough is no error', async () => {
  const child = start(['help'], 'pipe');
  child.stdout?.destroy();
  const [words, [code]] = await Promise.all([text(child.stderr ?? assert.fail()), once(child, 'exit')]);
  assert.deepEqual([code, words], [0, '']);
});
