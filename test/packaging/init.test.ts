import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { installedPackage, projectFolder } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';

const folder = projectFolder();
after(() => rmSync(folder, { recursive: true }));

const env = { HOME: installedPackage.home, GOQEMU_HOME: join(folder, 'home'), GOQEMU_BACKEND: 'fake' };
const node = (...argv: string[]) => runCommand(process.execPath, argv, { cwd: folder, env });

test('what init writes has types as it comes, is valid, and plans', async () => {
  const written = await node(installedPackage.command, 'init', '--name', 'web');
  assert.equal(written.code, 0, written.stderr);
  // As `npm install` would: goqemu is in the folder above already (projectFolder).
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['typescript', '@types'])
    symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name), 'junction');
  // As an editor does: by the project's own tsconfig.json and packages.
  const compiled = await node(resolve('node_modules/typescript/bin/tsc'), '-p', folder);
  assert.equal(compiled.code, 0, compiled.stdout);
  const valid = await node(installedPackage.command, 'validate', '--check-types');
  assert.equal(valid.code, 0, valid.stderr);
  assert.equal(valid.stdout, 'Lab web is valid: 1 machine.\n');
  assert.equal((await node(installedPackage.command, 'plan')).code, 0);
});
