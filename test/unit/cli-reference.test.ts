import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderReference } from '../../packages/goqemu/src/arguments/reference.ts';
import { commands } from '../../packages/goqemu/src/commands/command-table.ts';

test('docs/cli.md is what the command table says; "npm run docs" writes it', () => {
  assert.equal(readFileSync('docs/cli.md', 'utf8'), renderReference(commands));
});
