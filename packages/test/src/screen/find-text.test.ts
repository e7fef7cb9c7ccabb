import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enlarged, enlargement, margin } from './enlarged.ts';
import { findText } from './find-text.ts';
import { linesOfTsv } from './read-text.ts';

/** Words of a screen as tesseract has them: of the enlarged picture. */
function tsv(
  ...words: readonly (readonly [line: number, x: number, y: number, width: number, text: string])[]
): string {
  const rows = words.map(([line, x, y, width, text]) =>
    [
      5,
      1,
      1,
      1,
      line,
      1,
      x * enlargement + margin,
      y * enlargement + margin,
      width * enlargement,
      16 * enlargement,
      96.5,
      text,
    ].join('\t'),
  );
  return [
    'level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext',
    '4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t',
    ...rows,
  ].join('\n');
}

const lines = linesOfTsv(
  tsv([1, 0, 0, 63, 'tiny-1'], [1, 72, 0, 54, 'login:'], [2, 0, 16, 45, 'Shel'], [2, 45, 16, 18, '1>']),
);

test('words are where they are on the screen, and not on the picture that was read', () => {
  assert.deepEqual(lines[0], [
    { text: 'tiny-1', x: 0, y: 0, width: 63, height: 16 },
    { text: 'login:', x: 72, y: 0, width: 54, height: 16 },
  ]);
});

test('a text is found in a part of a word, over several words, and in no two lines', () => {
  assert.deepEqual(findText(lines, 'login:'), { x: 72, y: 0, width: 54, height: 16 });
  assert.deepEqual(findText(lines, 'log'), { x: 72, y: 0, width: 27, height: 16 });
  assert.deepEqual(findText(lines, 'tiny-1 login:'), { x: 0, y: 0, width: 126, height: 16 });
  assert.equal(findText(lines, 'login: Shell'), undefined);
  assert.equal(findText(lines, 'Login:'), undefined);
});

test('a string is found whatever OCR makes of spaces and of letters that look alike; an expression sees what was read', () => {
  assert.deepEqual(findText(lines, 'Shell>'), { x: 0, y: 16, width: 63, height: 16 });
  assert.deepEqual(findText(lines, 'tiny-l l0gin:'), { x: 0, y: 0, width: 126, height: 16 });
  assert.equal(findText(lines, /Shell>/), undefined);
  assert.deepEqual(findText(lines, /l\S+:$/g), { x: 72, y: 0, width: 54, height: 16 });
  assert.deepEqual(findText(lines, /1 login/), { x: 52.5, y: 0, width: 64.5, height: 16 });
  assert.equal(findText([], /x/), undefined);
});

test('a dark screen is read dark on light, with a margin around it', () => {
  const { width, height, grey } = enlarged({ width: 2, height: 1, data: Uint8Array.of(0, 0, 0, 255, 40, 40, 40, 255) });
  assert.deepEqual([width, height], [2 * enlargement + 2 * margin, enlargement + 2 * margin]);
  const at = (x: number, y: number) => grey[y * width + x];
  assert.deepEqual([at(0, 0), at(margin, margin), at(width - margin - 1, margin)], [255, 255, 215]);
});
