import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { screenText } from './printable.ts';
import { plainStyle } from './style.ts';
import { table } from './table.ts';

test('columns stay aligned where a cell has colours, or characters that the screen escapes', () => {
  const rows = [
    ['\u001b[1mweb\u001b[22m', 'running'],
    ['a\u202eb', 'stopped'],
  ];
  const shown = stripVTControlCharacters(screenText(table(['NAME', 'STATE'], rows, plainStyle))).split('\n');
  const places = ['STATE', 'running', 'stopped'].map((word, row) => shown[row]?.indexOf(word));
  assert.equal(new Set(places).size, 1, shown.join('\n'));
});
