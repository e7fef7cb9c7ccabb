import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonText, screenText } from './printable.ts';
import { styleFor } from './style.ts';

/** Everything that a terminal could obey, or leave out. */
const obeyed = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
/** What `Style` writes. */
const esc = String.fromCharCode(0x1b);
const colour = new RegExp(`${esc}\\[\\d+m`, 'g');
const anyText = fc.string({ unit: 'binary', maxLength: 60 });

test('nothing but the colours of goqemu reaches the screen', () => {
  const style = styleFor({} as never, { wanted: 'always', env: {} });
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = screenText(`${style.red(text)} ${style.bold('x')}`);
      assert.doesNotMatch(shown.replaceAll(colour, ''), obeyed);
    }),
  );
  assert.equal(screenText(style.red('a\u001b]0;title\u0007')), '\u001b[31ma\\u{1b}]0;title\\u{7}\u001b[39m');
});

test('a JSON document says the same with every such character escaped', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const document = jsonText({ text }, 2);
      assert.doesNotMatch(document, obeyed);
      assert.deepEqual(JSON.parse(document), { text });
    }),
  );
});
