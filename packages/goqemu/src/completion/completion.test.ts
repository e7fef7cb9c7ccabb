import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { commands } from '../commands/command-table.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

/** What bash would offer for these words, the last of which is being typed. */
function offered(...words: string[]): string[] {
  const script = `${bashCompletion(commands)}
compopt() { :; }
COMP_WORDS=(goqemu ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
_goqemu; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

test('bash completes commands, second words, options and choices', () => {
  assert.deepEqual(offered('pl'), ['plan']);
  assert.deepEqual(offered('checkpoint', 're'), ['restore']);
  assert.deepEqual(offered('plan', '--det'), ['--detailed-exitcode']);
  assert.deepEqual(offered('checkpoint', 'create', '--v'), ['--vm', '--version', '--verbose']);
  assert.deepEqual(offered('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(offered('exec', 'web', '--', 'l'), []);
});

test('every command is in the scripts of all shells', () => {
  for (const script of [bashCompletion(commands), zshCompletion(commands), fishCompletion(commands)])
    for (const { name } of commands) assert.ok(script.includes(name.split(' ').at(-1) ?? ''), name);
});
