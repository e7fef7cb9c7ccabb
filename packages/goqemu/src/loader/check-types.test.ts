import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { checkTypes } from './check-types.ts';

const base = mkdtempSync(join(tmpdir(), 'goqemu-check-types-'));
after(() => rmSync(base, { recursive: true }));

/** A lab beside which these files are installed. */
function labWith(files: Readonly<Record<string, string>>): Promise<void> {
  const folder = mkdtempSync(join(base, 'lab-'));
  const all = { 'lab.ts': 'export default 1;\n', 'node_modules/goqemu/package.json': '{}', ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  }
  return checkTypes({ workingFolder: folder, platform: hostPlatform(), interrupt: new AbortController().signal });
}

const complains = 'console.log("lab.ts(3,19): error TS2322: Type \'x\' is not assignable."); process.exitCode = 2;\n';

test('the compiler is the command that its package names, whatever else the package offers', async () => {
  // TypeScript 7 exports no path to its command, and has no JavaScript API.
  const seven = {
    version: '7.0.2',
    type: 'module',
    bin: { tsc: './bin/tsc' },
    exports: { './package.json': './package.json' },
  };
  const six = { version: '6.0.1', bin: { tsc: './bin/tsc' } };
  for (const manifest of [seven, six])
    await assert.rejects(
      labWith({
        'node_modules/typescript/package.json': JSON.stringify(manifest),
        'node_modules/typescript/bin/tsc': `#!/usr/bin/env node\n${complains}`,
      }),
      { code: 'lab-types', message: "Type 'x' is not assignable." },
      manifest.version,
    );
  const preview = { version: '7.0.0-dev', bin: { tsgo: './bin/tsgo.js' } };
  const name = 'node_modules/@typescript/native-preview';
  await labWith({ [`${name}/package.json`]: JSON.stringify(preview), [`${name}/bin/tsgo.js`]: '' });
});

test('a compiler that is a program of its own is run as such', async () => {
  await assert.rejects(
    labWith({
      'node_modules/typescript/package.json': '{"version":"8.0.0","bin":{"tsc":"bin/tsc"}}',
      'node_modules/typescript/bin/tsc': '#!/bin/sh\necho "lab.ts(1,2): error TS1: no"\nexit 1\n',
    }),
    { code: 'lab-types', message: 'no' },
  );
});

test('without a compiler the advice is the command that installs one, and what is there instead is named', async () => {
  await assert.rejects(labWith({}), { code: 'typescript-missing', detail: undefined });
  await assert.rejects(labWith({ 'node_modules/typescript/package.json': '{"version":"9.0.0"}' }), {
    code: 'typescript-missing',
    detail: 'there is typescript 9.0.0, which has no command tsc',
  });
});
