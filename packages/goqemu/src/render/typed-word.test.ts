import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { visibleWord } from '@goqemu/core';
import { typedWord } from './typed-word.ts';

test('in PowerShell single quotes are doubled, and what is not seen is an expression', () => {
  const typed = (word: string) => typedWord(word, 'win32');
  assert.deepEqual(['..\\..\\lab.ts', 'C:\\My Labs', "it's", 'it’s', '@a,b', '', '--'].map(typed), [
    '..\\..\\lab.ts',
    "'C:\\My Labs'",
    "'it''s'",
    "'it’’s'",
    "'@a,b'",
    "''",
    "'--'",
  ]);
  assert.equal(typed('a\u202e"$x`\n'), '"a$([char]0x202e)`"`$x``$([char]0xa)"');
});

test('a word is shown as a shell reads it back, without a character that is not seen', () => {
  assert.equal(typedWord('next.plan', 'linux'), 'next.plan');
  const words = ['before upgrade', "it's", 'a\nb\\c', '\u001b[2J', 'x\u202ey', '', "\u0007'"];
  for (const word of words) assert.equal(visibleWord(typedWord(word, 'linux')), typedWord(word, 'linux'));
  const script = `printf '%s|' ${words.map((word) => typedWord(word, 'linux')).join(' ')}`;
  const environment = { ...process.env, LC_ALL: 'C.UTF-8' };
  assert.equal(execFileSync('bash', ['-c', script], { encoding: 'utf8', env: environment }), `${words.join('|')}|`);
});
