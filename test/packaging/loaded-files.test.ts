import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { whatLoads } from '../../scripts/run/loaded-files.ts';
import { installedPackage, labsFolder } from '../installed-package.ts';

const goqemu = installedPackage.command;
const base = mkdtempSync(join(labsFolder(), 'loaded-files-'));
const env = { ...process.env, GOQEMU_HOME: join(base, 'home') };
after(() => rmSync(base, { recursive: true }));

/** Files, packages in them, and modules of Node.js that they ask for. */
function loadedBy(folder: string, ...words: string[]) {
  const { files, modules } = whatLoads([goqemu, ...words], {
    cwd: folder,
    env,
    packageFolder: installedPackage.folder,
  });
  return {
    files: files.map(({ path }) => path.replace('packages/goqemu/', '')),
    parts: files.flatMap(({ parts }) => parts),
    modules: modules.filter(({ wantedBy }) => wantedBy.length > 0).map(({ name }) => name),
  };
}

function labOf(source: string): string {
  const folder = mkdtempSync(join(base, 'lab-'));
  writeFileSync(join(folder, 'lab.ts'), source);
  execFileSync(process.execPath, [goqemu, 'plan'], { cwd: folder, env }); // from now on its bundle is in the cache
  return folder;
}

test('--version loads nothing but the command itself', () => {
  const { files, modules } = loadedBy(base, '--version');
  assert.deepEqual(files, ['bin/goqemu.js']);
  assert.deepEqual(modules, []);
});

test('--help loads one file, without third-party packages, engine, backend, and anything of the network', () => {
  const { files, parts, modules } = loadedBy(base, '--help');
  assert.deepEqual(files, ['bin/goqemu.js', 'dist/start.js', 'dist/cli.cjs']);
  assert.deepEqual([...new Set(parts.map(({ name }) => name))].sort(), [
    'packages/core',
    'packages/goqemu',
    'packages/spec', // words that options take
  ]);
  for (const heavy of ['net', 'tls', 'http', 'child_process', 'readline'])
    assert.ok(!modules.includes(heavy), `node:${heavy}`);
});

test('a plan with nothing to do loads one file of goqemu, and what the lab imports of it', () => {
  const folder = labOf(
    "import { defineLab, sh } from 'goqemu';\nexport default defineLab({ name: 'a' }, () => ({ a: sh`b` }));\n",
  );
  const { files, parts, modules } = loadedBy(folder, 'plan');
  const [bundle] = files.filter((path) => path.includes('/cache/labs/'));
  assert.deepEqual(files, ['bin/goqemu.js', 'dist/start.js', 'dist/look.cjs', bundle, 'dist/describe.js']);
  // Of zod its small edition: the large one takes 290 KB.
  const foreign = parts.filter(({ name }) => !name.startsWith('packages/'));
  assert.deepEqual(
    foreign.map(({ name }) => name),
    ['zod'],
  );
  assert.ok((foreign[0]?.bytes ?? 0) < 100_000, `zod: ${foreign[0]?.bytes} bytes`);
  for (const heavy of ['tls', 'http', 'https', 'child_process', 'dgram', 'worker_threads', 'readline'])
    assert.ok(!modules.includes(heavy), `node:${heavy}`);
});

test('a lab gets what else it asks of goqemu: schemas from their own file, the SDK from the whole', () => {
  const described =
    "export default defineLab({ name: 'a', params: z.object({ n: z.number().default(1) }) }, () => {});\n";
  const schemas = loadedBy(labOf(`import { defineLab, z } from 'goqemu';\n${described}`), 'plan').files;
  assert.ok(schemas.includes('dist/schema.js') && !schemas.includes('dist/index.js'), schemas.join(' '));
  const whole =
    "import { defineLab, QemuVM } from 'goqemu';\nexport default defineLab({ name: 'a' }, () => ({ a: typeof QemuVM }));\n";
  assert.ok(loadedBy(labOf(whole), 'plan').files.includes('dist/index.js'));
});

test('an apply with nothing to do loads one file of goqemu too, and nothing that acts on machines', () => {
  const folder = labOf("import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'a' }, () => {});\n");
  const { files, modules } = loadedBy(folder, 'apply', '--yes');
  const [bundle] = files.filter((path) => path.includes('/cache/labs/'));
  assert.deepEqual(files, ['bin/goqemu.js', 'dist/start.js', 'dist/act.cjs', bundle, 'dist/describe.js']);
  for (const heavy of ['tls', 'http', 'https', 'child_process', 'dgram', 'worker_threads', 'readline'])
    assert.ok(!modules.includes(heavy), `node:${heavy}`);
});

test('commands with options before them run from the file for all commands and say the same', () => {
  const folder = labOf("import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'a' }, () => {});\n");
  mkdirSync(join(base, 'home'), { recursive: true });
  const say = (...words: string[]) =>
    execFileSync(process.execPath, [goqemu, ...words], { cwd: folder, env, encoding: 'utf8' });
  assert.equal(say('--no-color', 'plan'), say('plan', '--no-color'));
  assert.ok(loadedBy(folder, '--no-color', 'plan').files.includes('dist/cli.cjs'));
});
