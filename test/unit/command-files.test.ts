import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commands } from '../../packages/goqemu/src/commands/command-table.ts';

test('each command that acts on a lab runs from the file that is built for those', () => {
  const acting = commands.filter(({ load }) => /lab-commands/.test(String(load))).map(({ name }) => name.split(' ')[0]);
  const named = /const acts = \[([^\]]+)\]/.exec(readFileSync('packages/goqemu/bin/goqemu.js', 'utf8'))?.[1] ?? '';
  const words = [...named.matchAll(/'([^']+)'/g)].map(([, word]) => word);
  assert.deepEqual(words, [...new Set(acting)].sort());
});
