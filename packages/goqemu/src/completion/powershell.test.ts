import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import treeSitter, { type Node, type Parser } from '@vscode/tree-sitter-wasm';
import { commands } from '../commands/command-table.ts';
import { commandWords, optionsOf } from './candidates.ts';
import { powershellCompletion } from './powershell.ts';

// There is no PowerShell in the registries that the tests may use: its grammar, as VS Code has it, reads the script.
async function powershellParser(): Promise<Parser> {
  await treeSitter.Parser.init();
  const { resolve } = createRequire(import.meta.url);
  const parser = new treeSitter.Parser();
  parser.setLanguage(
    await treeSitter.Language.load(resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-powershell.wasm')),
  );
  return parser;
}

/** The entries of the hash tables of a script: a key, and the strings of its array. */
function entriesOf(node: Node): readonly (readonly [string, readonly string[]])[] {
  return node.descendantsOfType('hash_entry').map((entry) => {
    const [key = '', ...values] = (entry?.descendantsOfType('string_literal') ?? []).map((one) => unquoted(one));
    return [key, values] as const;
  });
}

function unquoted(node: Node | null): string {
  return (node?.text ?? '').slice(1, -1).replaceAll("''", "'");
}

const script = powershellCompletion(commands);

test('the script of PowerShell is a script, as its grammar has it, and one without its end is none', async () => {
  const parser = await powershellParser();
  const hasError = (text: string) => parser.parse(text)?.rootNode.hasError;
  assert.equal(hasError(script), false);
  assert.equal(hasError(script.slice(0, -5)), true);
  const blocks = parser.parse(script)?.rootNode.descendantsOfType('script_block_expression') ?? [];
  assert.match(blocks[0]?.text ?? '', /^\{\s*param\(\$wordToComplete, \$commandAst, \$cursorPosition\)/);
});

test('PowerShell is given every word and every option, each with what it is', async () => {
  const parser = await powershellParser();
  const root = parser.parse(script)?.rootNode;
  assert.ok(root);
  const found = entriesOf(root).map(([key, values]) => [key, values.map((value) => value.split('\t')[0])]);
  assert.deepEqual(found, [
    ...commandWords(commands).map(({ path, words }) => [path, words.map(({ word }) => word)]),
    ...commands.map((command) => [command.name, optionsOf(command).map(([name]) => `--${name}`)]),
  ]);
  for (const [, values] of entriesOf(root)) for (const value of values) assert.match(value, /^\S+\t\S/);
});

test('the script has no character that a code page of Windows would change', () => {
  assert.match(script, /^[\t\n -~]*$/);
});
