import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostileWord } from './hostile-word.fixture.ts';
import { shellQuote, shellQuoteAll } from './shell-quote.ts';

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
  assert.equal(shellQuote('A=b'), "'A=b'");
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
