import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { nodeOf, ownNode } from '../../scripts/run/node-versions.ts';
import { installedPackage } from '../installed-package.ts';

const dist = join(installedPackage.folder, 'dist');
const files = readdirSync(dist)
  .filter((name) => /\.c?js$/.test(name))
  .map((name) => pathToFileURL(join(dist, name)).href);

/** Evaluates each file by itself, programs as the executable does, and prints what those say that cannot be. */
const loadEach = `
const { loadProgram } = await import(${JSON.stringify(pathToFileURL(join(dist, 'start.js')).href)});
const { fileURLToPath } = process.getBuiltinModule('node:url');
const load = async (file) => file.endsWith('.cjs') ? loadProgram(fileURLToPath(file)) : await import(file);
const failures = [];
for (const file of ${JSON.stringify(files)})
  await load(file).catch((error) => failures.push(file + ': ' + error.stack));
console.log(JSON.stringify(failures));`;

for (const line of ['own', '22', '24', 'latest'])
  test(`every file that is built loads on Node.js (${line})`, async () => {
    const node = line === 'own' ? ownNode : await nodeOf(line);
    const { stdout } = await promisify(execFile)(node.path, ['--input-type=module', '-e', loadEach]);
    assert.deepEqual(JSON.parse(stdout), [], node.version);
  });
