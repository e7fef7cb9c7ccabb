import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadProgram } from './load-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'goqemu-program-'));
after(() => rmSync(folder, { recursive: true }));

function program(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('a program is a CommonJS module that is evaluated once, and requires programs beside it', () => {
  program('late.cjs', "exports.path = require('node:path'); exports.file = __filename;");
  const first = program('first.cjs', "exports.late = () => require('./late.cjs'); exports.here = __dirname;");
  const exports = loadProgram(first, join(folder, 'home'));
  assert.equal(loadProgram(first, join(folder, 'home')), exports);
  assert.equal(exports.here, folder);
  const late = (exports.late as () => Record<string, unknown>)();
  assert.equal(late.file, join(folder, 'late.cjs'));
  assert.equal((late.path as { sep: string }).sep, process.getBuiltinModule('node:path').sep);
});

test('an error names the program and the place in it', () => {
  const file = program('throws.cjs', "exports.run = () => { throw new Error('no'); };");
  const { run } = loadProgram(file, join(folder, 'home')) as { run: () => void };
  assert.throws(run, ({ stack }: Error) => /throws\.cjs:1:29/.test(stack ?? ''));
});

test('what a script cannot import is imported for it', async () => {
  const file = program('imports.cjs', "exports.later = () => goqemuImport('node:path');");
  const { later } = loadProgram(file, join(folder, 'home')) as { later: () => Promise<{ sep: string }> };
  assert.equal((await later()).sep, process.getBuiltinModule('node:path').sep);
});
