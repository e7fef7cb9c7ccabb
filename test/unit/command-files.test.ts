import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commands } from '../../packages/goqemu/src/commands/command-table.ts';
import { withCommandLists } from '../../packages/goqemu/src/reference/command-lists.ts';

test('bin/goqemu.js has the lists of commands that the command table says; "npm run docs" writes them', () => {
  const text = readFileSync('packages/goqemu/bin/goqemu.js', 'utf8');
  assert.equal(text, withCommandLists(text, commands));
  assert.match(text, /const looks = \['graph', 'output', 'plan', 'status'\];/);
});
