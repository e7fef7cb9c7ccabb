import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { installedPackage, labsFolder } from '../installed-package.ts';

const run = promisify(execFile);
const base = mkdtempSync(join(labsFolder(), 'packaging-'));
after(() => rmSync(base, { recursive: true }));

function call(folder: string, ...words: string[]) {
  const env = { ...process.env, HOME: installedPackage.home, GOQEMU_HOME: join(base, 'home') };
  return run(installedPackage.bin, words, { cwd: folder, env, shell: process.platform === 'win32' });
}

test('the packed command runs from an empty folder', async () => {
  const folder = mkdtempSync(join(base, 'empty-'));
  const { version } = JSON.parse(readFileSync('packages/goqemu/package.json', 'utf8')) as { version: string };
  assert.equal((await call(folder, '--version')).stdout, `${version}\n`);
});

test('the packed package has the pages of docs, and help shows them', async () => {
  const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  for (const page of pages)
    assert.equal(
      readFileSync(join(installedPackage.folder, 'docs', page), 'utf8'),
      readFileSync(join('docs', page), 'utf8'),
    );
  assert.match((await call(base, 'help', 'lab')).stdout, /^Writing a lab\n/);
});

test('a bare lab.ts that imports goqemu loads, with and without "type": "module"', async () => {
  for (const manifest of [undefined, '{}', '{"type":"module"}']) {
    const folder = mkdtempSync(join(base, 'lab-'));
    if (manifest) writeFileSync(join(folder, 'package.json'), manifest);
    await call(folder, 'init', '--name', 'bare');
    const { stdout } = await call(folder, 'graph', '--format', 'json');
    assert.match(stdout, /"web"/);
  }
});

test('an editor finds the types of the package and of its subpaths', async () => {
  const folder = join(base, 'editor');
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  cpSync(installedPackage.folder, join(folder, 'node_modules', 'goqemu'), { recursive: true });
  cpSync('test/packaging/stranger/folder-backend.ts', join(folder, 'folder-backend.ts'));
  writeFileSync(
    join(folder, 'lab.ts'),
    `import { defineLab, z } from 'goqemu';
import * as qmp from 'goqemu/qmp';
export default defineLab({ name: 'typed', params: z.object({ workers: z.number() }) }, (lab, params) => {
  const workers: number = params.workers;
  // @ts-expect-error a parameter that the schema does not have
  params.nothing;
  // @ts-expect-error a unit that there is not
  lab.vm('web', { memory: '1 QiB' });
  return { workers, names: Object.keys(qmp) };
});
`,
  );
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2023',
        lib: ['ES2023', 'ESNext.Disposable'],
        module: 'nodenext',
        strict: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [resolve('node_modules/@types')],
        skipLibCheck: false,
      },
      files: ['lab.ts', 'folder-backend.ts'],
    }),
  );
  await run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', folder]).catch(
    (error: { stdout: string }) => assert.fail(error.stdout),
  );
});

test('--check-types asks for a compiler beside the lab, and then names the place of a wrong type', async () => {
  const folder = mkdtempSync(join(base, 'types-'));
  writeFileSync(
    join(folder, 'lab.ts'),
    "import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'x' }, (lab) => {\n  lab.vm('web', { memory: '1 QiB' });\n});\n",
  );
  const plan = () =>
    call(folder, 'plan', '--check-types').then(
      () => assert.fail('the lab was accepted'),
      (error: { code: number; stderr: string }) => error,
    );
  assert.match((await plan()).stderr, /typescript-missing/);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('node_modules/typescript'), join(folder, 'node_modules', 'typescript'));
  const wrong = await plan();
  assert.equal(wrong.code, 65);
  assert.match(wrong.stderr, /lab-types/);
  assert.match(wrong.stderr, /lab\.ts:3:19/);
});
