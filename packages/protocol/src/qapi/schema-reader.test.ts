import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import fc from 'fast-check';
import { parseExpressions } from './expression-parser.ts';
import { mergeSchemas } from './merge.ts';
import type { QapiSchema } from './model.ts';
import { readSchema } from './schema-reader.ts';
import { writeTypeScript } from './typescript-writer.ts';

function read(text: string, version = '9.0.0', more: Record<string, string> = {}): Promise<QapiSchema> {
  const entries = Object.entries({ '/q/main.json': text, ...more });
  const files = new Map(entries.map(([path, content]) => [resolve(path), content]));
  return readSchema('/q/main.json', version, async (path) => files.get(path) ?? assert.fail(`no file ${path}`));
}

async function written(schema: QapiSchema | Promise<QapiSchema>): Promise<string> {
  return writeTypeScript(await schema, { prefix: 'Qmp', origin: ['test'] });
}

test('a struct with a base, optional members, lists, conditions, features and versions', async () => {
  const text = await written(
    read(`
##
# @Base:
#
# @id: what it is called
#
# Since: 1.2
##
{ 'struct': 'Base', 'data': { 'id': 'str' } }
# a plain comment with 'quotes' and { braces
##
# @Thing:
#
# @size: how large
#     (since 4.1)
#
# Features:
#
# @unstable: not yet
#
# Since: 3.0
##
{ 'struct': 'Thing', 'base': 'Base', 'if': { 'all': ['CONFIG_A', { 'not': 'CONFIG_B' }] },
  'data': { '*size': { 'type': 'size', 'features': [ 'unstable' ] }, 'parts': ['Base'], 'odd-name': ['int'] } }
`),
  );
  assert.match(text, /\/\*\* Since QEMU 1\.2\. \*\/\nexport interface Base \{\n {2}id: string;\n\}/);
  assert.match(
    text,
    /\/\*\* Since QEMU 3\.0\. Depends on \(CONFIG_A and not CONFIG_B\)\. \*\/\nexport interface Thing extends Base \{/,
  );
  assert.match(
    text,
    / {2}\/\*\* Since QEMU 4\.1\. Unstable\. \*\/\n {2}size\?: number;\n {2}parts: Base\[\];\n {2}'odd-name': number\[\];/,
  );
  assert.doesNotMatch(text, /called|large|not yet/);
});

test('a union has an alternative for each branch and one for the values without', async () => {
  const text = await written(
    read(`{ 'enum': 'Kind', 'data': [ 'a', { 'name': 'b', 'if': 'CONFIG_B' }, 'c' ] }
      { 'struct': 'A', 'data': { 'x': 'int' } }
      { 'union': 'U', 'base': { 'kind': 'Kind', '*common': 'bool' }, 'discriminator': 'kind', 'data': { 'a': 'A' } }`),
  );
  assert.match(text, /export interface UBase \{\n {2}kind: Kind;\n {2}common\?: boolean;\n\}/);
  assert.match(
    text,
    /\| \(UBase & \{ kind: 'a' \} & A\)\n {2}\| \(UBase & \{ kind: Exclude<UBase\['kind'\], 'a'> \}\)/,
  );
});

test('alternates, commands and events', async () => {
  const text = await written(
    read(`{ 'alternate': 'StrOrInt', 'data': { 's': 'str', 'i': 'int' } }
      { 'command': 'do-it', 'data': { 'what': 'StrOrInt' }, 'returns': ['str'] }
      { 'command': 'open-one', 'data': { 'driver': 'str' }, 'gen': false }
      { 'command': 'plain', 'features': [ 'deprecated' ] }
      { 'event': 'DONE', 'data': { '*why': 'str' } }
      { 'event': 'EMPTY' }`),
  );
  assert.match(text, /export type StrOrInt = string \| number;/);
  assert.match(text, /'do-it': \{ arguments: \{\n {4}what: StrOrInt;\n {2}\}; returns: string\[\] \};/);
  assert.match(text, /'open-one': \{ arguments: \{\n {4}driver: string;\n {2}\} & \{ \[property: string\]: unknown \}/);
  assert.match(
    text,
    /\/\*\* @deprecated \*\/\n {2}plain: \{ arguments: Record<string, never>; returns: Record<string, never> \};/,
  );
  assert.match(text, /DONE: \{\n {4}why\?: string;\n {2}\};\n {2}EMPTY: undefined;/);
});

test('files that are included are read once, relative to the one that names them', async () => {
  const schema = await read(`{ 'include': 'sub/a.json' } { 'include': 'b.json' }`, '9.0.0', {
    '/q/sub/a.json': `{ 'include': '../b.json' } { 'pragma': { 'doc-required': true } } { 'event': 'A' }`,
    '/q/b.json': `{ 'event': 'B' }`,
  });
  assert.deepEqual([...schema.definitions.keys()], ['B', 'A']);
});

test('two versions are one schema: what one of them lacks is optional, and marked when it is gone', async () => {
  const older = await read(
    `{ 'struct': 'S', 'data': { 'kept': 'str', 'gone': 'int', 'moved': 'str' } }
    { 'command': 'old', 'data': 'S' } { 'enum': 'E', 'data': [ 'a', 'b' ] }`,
    '7.2.0',
  );
  const newer = await read(
    `{ 'struct': 'Base', 'data': { 'moved': 'str' } }
    { 'struct': 'S', 'base': 'Base', 'data': { 'kept': 'str', 'new': 'int' } } { 'enum': 'E', 'data': [ 'a', 'c' ] }`,
    '10.0.0',
  );
  const text = await written(mergeSchemas(older, newer));
  assert.match(
    text,
    /interface S extends Base \{\n {2}kept: string;\n {2}new\?: number;\n {2}\/\*\* @deprecated Not in QEMU 10\.0\.0\. \*\/\n {2}gone\?: number;\n\}/,
  );
  assert.match(text, /\| 'a'\n {2}\| 'c'\n {2}\/\*\* @deprecated Not in QEMU 10\.0\.0\. \*\/\n {2}\| 'b';/);
  assert.match(text, /\/\*\* @deprecated Not in QEMU 10\.0\.0\. \*\/\n {2}old: \{ arguments: S;/);
});

for (const [what, text, message] of [
  ['an unknown character', "{ 'struct': ?", /main\.json:1: cannot read/],
  ['an open object', "\n{ 'struct': 'A'", /main\.json:2: expected \}/],
  ['a value that is missing', "{ 'struct':", /main\.json:1: the file ends/],
  ['a name twice', "{ 'a': 'b',\n 'a': 'c' }", /main\.json:2: the name 'a' is there twice/],
  ['a list at the top', '[]', /main\.json:1: expected an object/],
  ['a definition of another kind', "{ 'thing': 'A' }", /expected a definition or a directive/],
  ['a union without discriminator', "{ 'union': 'U', 'data': {} }", /no base and discriminator/],
] as const) {
  test(`${what} is an error with file and line`, async () => {
    await assert.rejects(read(text), (error) => hasErrorCode(error, 'qapi-syntax') && message.test(error.message));
  });
}

test('no text crashes the parser with anything but a syntax error (10,000 cases)', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    "'a'",
    "'b",
    'true',
    '#x',
    '##',
    '\n',
    ' ',
    '"',
    '\\',
    '1',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      try {
        parseExpressions(pieces.join(''), 'file');
      } catch (error) {
        assert.ok(hasErrorCode(error, 'qapi-syntax'), String(error));
      }
    }),
    { numRuns: 10_000 },
  );
});
