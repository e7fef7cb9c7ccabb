import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { visibleWord } from '@goqemu/core';
import { typedWord } from './typed-word.ts';

test('a word is shown as a shell reads it back, without a character that is not seen', () => {
  assert.equal(typedWord('next.plan'), 'next.plan');
  const words = ['before upgrade', "it's", 'a\nb\\c', '\u001b[2J', 'x\u202ey', '', "\u0007'"];
  for (const word of words) assert.equal(visibleWord(typedWord(word)), typedWord(word));
  const script = `printf '%s|' ${words.map(typedWord).join(' ')}`;
  const environment = { ...process.env, LC_ALL: 'C.UTF-8' };
  assert.equal(execFileSync('bash', ['-c', script], { encoding: 'utf8', env: environment }), `${words.join('|')}|`);
});
