import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderReference } from '../../packages/goqemu/src/arguments/reference.ts';
import { commands } from '../../packages/goqemu/src/commands/command-table.ts';
import { madeTables, withTable } from '../../packages/goqemu/src/reference/made-tables.ts';

test('docs/cli.md is what the command table says; "npm run docs" writes it', () => {
  assert.equal(readFileSync('docs/cli.md', 'utf8'), renderReference(commands));
});

for (const [name, table] of Object.entries(madeTables)) {
  test(`the table of options in docs/${name} is what the table of properties says; "npm run docs" writes it`, () => {
    const page = readFileSync(`docs/${name}`, 'utf8');
    assert.equal(page, withTable(page, table()));
  });
}
