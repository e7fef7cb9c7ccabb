import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

test('the lock file names no registry host, so that any mirror serves it', () => {
  assert.doesNotMatch(readFileSync('pnpm-lock.yaml', 'utf8'), /https?:\/\//);
});

test('every package of the workspace but goqemu is private and marked with the licence', () => {
  for (const name of readdirSync('packages')) {
    const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')) as Record<string, unknown>;
    assert.equal(manifest.private === true, name !== 'goqemu', name);
    assert.equal(manifest.license, 'MIT', name);
  }
});

test('the published package has the third-party packages of its bundled packages, in the same versions', () => {
  type Manifest = { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };
  const read = (name: string) => JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')) as Manifest;
  const { dependencies, devDependencies } = read('goqemu');
  const published = { ...devDependencies, ...dependencies };
  for (const name of readdirSync('packages'))
    for (const [dependency, range] of Object.entries(read(name).dependencies ?? {}))
      if (!dependency.startsWith('@goqemu/')) assert.equal(published[dependency], range, `${name} needs ${dependency}`);
});

test('what the tests of the installed package import is public: nothing of the sources', () => {
  for (const folder of ['test/e2e', 'test/cli', 'test/packaging'])
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts'))) {
      const imports = readFileSync(`${folder}/${name}`, 'utf8').match(
        /(?:from|import\() ?'(?:@goqemu\/|[./]*packages\/)[^']*'/g,
      );
      assert.deepEqual(imports, null, `${folder}/${name}`);
    }
});

const sources = readdirSync('packages').flatMap((name) =>
  readdirSync(`packages/${name}/src`, { recursive: true, encoding: 'utf8' })
    .map((path) => `packages/${name}/src/${path}`)
    .filter((file) => /(?<!\.test)(?<!\.fixture)\.ts$/.test(file) && !/[/\\]fixture[/\\]/.test(file)),
);

test('signals are joined by anySignal, which keeps a time limit from being collected', () => {
  for (const path of sources.filter((file) => !file.endsWith('any-signal.ts')))
    assert.doesNotMatch(readFileSync(path, 'utf8'), /AbortSignal\.any\(/, path);
});

test('folders are made by makeFolders, which ends also below /proc', () => {
  for (const path of sources)
    assert.doesNotMatch(readFileSync(path, 'utf8'), /mkdir(Sync)?\([^;]*recursive: true/, path);
});
