import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { shellQuote, shellQuoteAll } from './shell-quote.ts';

const special = fc.constantFrom(...'\'"\\$`\n *!~#;&-=A+\x01\té字');
const hostileWord = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: special, maxLength: 40 }))
  .filter((text) => !text.includes('\0') && Buffer.from(text).toString() === text);

const shells = ['/bin/sh', '/bin/bash'];

test('every word comes out of a real shell as it went in', () => {
  fc.assert(
    fc.property(fc.array(hostileWord, { minLength: 20, maxLength: 60 }), (words) => {
      for (const shell of shells) {
        const out = execFileSync(shell, ['-c', `printf '%s\\0' ${shellQuoteAll(words)}`], { encoding: 'utf8' });
        assert.deepEqual(out.split('\0').slice(0, -1), words);
      }
    }),
    { numRuns: 30 },
  );
});

test('hostile words stay words', () => {
  const words = [
    '',
    ' ',
    "'; rm -rf / #",
    '$(id)',
    '`id`',
    '$HOME',
    '-n',
    '--',
    '*',
    '~',
    'a=b',
    '\n',
    "it's",
    '\\',
    '!!',
    'x'.repeat(255),
  ];
  const out = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${shellQuoteAll(words)}`], { encoding: 'utf8' });
  assert.deepEqual(out.split('\0').slice(0, -1), words);
});

test('an assignment in the first place stays a program name', () => {
  for (const word of ['A=b', '_a1=', 'PATH+=:/x', '=ls']) assert.equal(shellQuote(word), `'${word}'`);
});

test('an option with an equals sign is no assignment and stays readable', () => {
  for (const word of ['--size=4', '/a=b', '1=2', 'a.b=c', 'a:b=c']) assert.equal(shellQuote(word), word);
});

test('a plain word stays readable', () => {
  assert.equal(
    shellQuoteAll(['apt-get', 'install', '-y', 'nginx', '/etc/x.conf']),
    'apt-get install -y nginx /etc/x.conf',
  );
});

test('a NUL character is refused', () => {
  assert.throws(() => shellQuote('a\0b'), { code: 'text-has-nul' });
});
