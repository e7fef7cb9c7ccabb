import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { projectFolder, runTypeScript } from '../installed-package.ts';

const run = promisify(execFile);

test("the contract of the installed package runs on a stranger's backend, which imports goqemu/backend alone", async () => {
  const project = projectFolder();
  after(() => rmSync(project, { recursive: true }));
  cpSync(join(import.meta.dirname, 'stranger'), project, { recursive: true });
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env;
  const words = [...runTypeScript, '--test', '--test-reporter=tap', join(project, 'contract.ts')];
  const { stdout } = await run(process.execPath, words, { cwd: project, env }).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  );
  const [, passed] = /^# pass (\d+)$/m.exec(stdout) ?? [];
  assert.ok(Number(passed) > 20, stdout);
  assert.match(stdout, /^# fail 0$/m);
});
