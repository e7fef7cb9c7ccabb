import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, visible, visibleWord } from './printable.ts';

test('of what a guest prints escape sequences are taken out and other control characters shown', () => {
  assert.equal(printable('\u001b[31mred\u001b[0m a\u0007b'), 'red a\\u{7}b');
  assert.equal(printable('a\r\nb\tc'), 'a\nb\tc');
  assert.equal(printable('\u001b]0;title\u0007after'), 'after');
  assert.equal(printable('\u009b2J'), '');
});

test('what must be read as it is shows every character, those that turn text round or hide it among them', () => {
  assert.equal(visible('rm \u001b[8m-rf /\r'), 'rm \\u{1b}[8m-rf /\\u{d}');
  assert.equal(visible('# \u202etxt\u2066\u200b\ufeff\u2028'), '# \\u{202e}txt\\u{2066}\\u{200b}\\u{feff}\\u{2028}');
  assert.equal(visible('\u{e0041}\u3164\ud800'), '\\u{e0041}\\u{3164}\\u{d800}');
  assert.equal(visible('Grüße, 漢字 ⚠️ ✔'), 'Grüße, 漢字 ⚠️ ✔');
  assert.equal(visibleWord('a\nb'), 'a\\u{a}b');
});
