import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { type GoqemuError, hostPlatform } from '@goqemu/core';
import { evaluateLab } from '@goqemu/lab';
import { listenForInterrupts } from '../shell/interrupts.ts';
import { loadLab } from './load-lab.ts';

const base = mkdtempSync(join(tmpdir(), 'goqemu-loader-'));
after(() => rmSync(base, { recursive: true }));
let count = 0;

/** A folder of its own for each test, with these files in it. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = join(base, `p${count++}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

function load(workingFolder: string, lab?: string) {
  const platform = { ...hostPlatform(), env: { GOQEMU_HOME: join(base, 'home') } };
  return loadLab({ platform, workingFolder, lab });
}

async function failure(folder: string, lab?: string): Promise<GoqemuError> {
  try {
    await load(folder, lab);
  } catch (error) {
    return error as GoqemuError;
  }
  throw new assert.AssertionError({ message: 'the lab loaded' });
}

const hello = "import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'hello' }, () => {});\n";

test('a bare lab.ts that imports goqemu loads, and the second time from the cache', async () => {
  const folder = project({ 'lab.ts': hello });
  const first = await load(folder);
  assert.equal(first.definition.name, 'hello');
  assert.equal(first.cached, false);
  const second = await load(folder);
  assert.equal(second.definition.name, 'hello');
  assert.equal(second.cached, true);
});

test('a lab loads in every form of JavaScript and TypeScript, with and without "type": "module"', async () => {
  const common = "const { defineLab } = require('goqemu');\nmodule.exports = defineLab({ name: 'hello' }, () => {});\n";
  const forms: Readonly<Record<string, string>> = {
    'lab.ts': hello,
    'lab.mts': hello,
    'lab.js': hello,
    'lab.mjs': hello,
    'lab.cjs': common,
    'lab.cts': "import { defineLab } from 'goqemu';\nexport = defineLab({ name: 'hello' }, () => {});\n",
  };
  for (const manifest of ['{}', '{"type":"module"}'])
    for (const [name, source] of Object.entries(forms)) {
      const folder = project({ 'package.json': manifest, [name]: source });
      assert.equal((await load(folder)).definition.name, 'hello', `${name} with ${manifest}`);
    }
});

test('a change in a file that the lab imports is seen', async () => {
  const lab =
    "import { defineLab } from 'goqemu';\nimport { name } from './name.ts';\nexport default defineLab({ name }, () => {});\n";
  const folder = project({ 'lab.ts': lab, 'name.ts': "export const name: string = 'before';\n" });
  assert.equal((await load(folder)).definition.name, 'before');
  writeFileSync(join(folder, 'name.ts'), "export const name: string = 'after';\n");
  const loaded = await load(folder);
  assert.equal(loaded.definition.name, 'after');
  assert.deepEqual([...loaded.inputs].sort(), [join(folder, 'lab.ts'), join(folder, 'name.ts')]);
});

test('an inline script of a lab.ts that was saved with CRLF has LF, and an escape that says CRLF stays', async () => {
  const lab = `import { defineLab, sh } from 'goqemu';
export default defineLab({ name: 'hello' }, (lab) => {
  const what = 'x';
  lab.vm('web').run('plain', \`one
two\`).run('quoted', sh\`one \${what}
two\`).run('escape', 'one\\r\\ntwo');
});
`;
  const folder = project({ 'lab.ts': lab.replaceAll('\n', '\r\n') });
  const { definition } = await load(folder);
  const { machines } = evaluateLab(definition, { labFile: join(folder, 'lab.ts') });
  const scripts = machines[0]?.steps.map((step) => step.kind === 'run' && step.script.join(''));
  assert.deepEqual(scripts, ['one\ntwo', 'one x\ntwo', 'one\r\ntwo']);
});

test('a lab finds itself by import.meta and __dirname, from the cache too', async () => {
  const folder = project({
    'lab.ts':
      "import { readFileSync } from 'node:fs';\nimport { defineLab } from 'goqemu';\nconst name = readFileSync(new URL('./name.txt', import.meta.url), 'utf8');\nif (import.meta.dirname !== __dirname) throw new Error(__dirname);\nexport default defineLab({ name }, () => {});\n",
    'name.txt': 'beside',
  });
  assert.equal((await load(folder)).definition.name, 'beside');
  assert.equal((await load(folder)).definition.name, 'beside');
});

test("a lab's own install of goqemu comes before the running command's copy", async () => {
  const folder = project({
    'lab.ts': hello,
    'node_modules/goqemu/package.json': '{"name":"goqemu","type":"module","exports":"./index.js"}',
    'node_modules/goqemu/index.js':
      "export const defineLab = ({ name }) => Object.defineProperty({ name: 'own ' + name }, Symbol.for('goqemu.lab'), { value: true });\n",
  });
  assert.equal((await load(folder)).definition.name, 'own hello');
});

test('a folder with a lab.ts in it stands for the lab', async () => {
  const folder = project({ 'web/lab.ts': hello });
  assert.equal((await load(folder, 'web')).file, join(folder, 'web', 'lab.ts'));
});

test('TypeScript that is imported by a name made up while the lab is loaded', async () => {
  const folder = project({
    'machines.ts': "export const names: readonly string[] = ['a', 'b'];\n",
    'lab.ts': `import { defineLab } from 'goqemu';
const file = ['mach', 'ines.ts'].join('');
const { names } = (await import(new URL(file, import.meta.url).href)) as { names: readonly string[] };
export default defineLab({ name: names.join('-') }, () => undefined);
`,
  });
  assert.equal((await load(folder)).definition.name, 'a-b');
});

test('a syntax error names file, line and column and shows the place', async () => {
  const folder = project({ 'lab.ts': "import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'x' \n" });
  const error = await failure(folder);
  assert.equal(error.code, 'lab-syntax');
  assert.equal(error.source, 'user');
  assert.equal(error.location?.file, join(folder, 'lab.ts'));
  assert.equal(error.location?.line, 3);
  assert.match(error.detail ?? '', /2 \| export default/);
});

test('a thrown error names the place in the file that threw it', async () => {
  const folder = project({
    'lab.ts': "import { broken } from './broken.ts';\nexport default broken();\n",
    'broken.ts':
      "export function broken(): never {\n  const why: string = 'no luck';\n  throw new TypeError(why);\n}\n",
  });
  for (const when of ['bundled', 'cached']) {
    const error = await failure(folder);
    assert.equal(error.code, 'lab-threw', when);
    assert.equal(error.message, 'the lab threw an error: TypeError: no luck');
    assert.deepEqual(error.location, { file: join(folder, 'broken.ts'), line: 3, column: 9 });
    assert.match(error.detail ?? '', /> 3 \| {3}throw new TypeError\(why\);/);
  }
});

test("defineLab's own complaint carries the place in the lab and a code frame", async () => {
  const folder = project({
    'lab.ts': "import { defineLab } from 'goqemu';\n\nexport default defineLab({} as never, () => {});\n",
  });
  const error = await failure(folder);
  assert.equal(error.code, 'lab-invalid');
  assert.equal(error.location?.line, 3);
  assert.match(error.detail ?? '', /> 3 \| export default/);
});

test('a wrong default export is reported with what was found', async () => {
  const cases: Readonly<Record<string, RegExp>> = {
    'export default 42;\n': /its default export is the number 42/,
    'export default () => {};\n': /its default export is a function/,
    'export default { name: "x" };\n': /an object that defineLab did not make/,
    'export const lab = 1;\n': /it exports lab, but nothing by default/,
    'const nothing = 1;\n': /it exports nothing/,
  };
  for (const [source, message] of Object.entries(cases)) {
    const error = await failure(project({ 'lab.ts': source }));
    assert.equal(error.code, 'lab-export');
    assert.match(error.message, message);
  }
});

test('a missing import is reported with its place and what to do', async () => {
  const zod = await failure(project({ 'lab.ts': "import { z } from 'zod';\nexport default z;\n" }));
  assert.equal(zod.code, 'lab-import');
  assert.equal(zod.location?.line, 1);
  assert.match(zod.hint ?? '', /import z from goqemu/);
  const relative = await failure(project({ 'lab.ts': "import './gone.ts';\n" }));
  assert.match(relative.hint ?? '', /check the path/);
});

test('a missing lab and a file that is none are distinguished', async () => {
  const folder = project({ 'web.lab.ts': hello, 'notes.md': '# notes' });
  const missing = await failure(folder);
  assert.equal(missing.code, 'lab-missing');
  assert.match(missing.hint ?? '', /web\.lab\.ts/);
  assert.equal((await failure(folder, 'notes.md')).code, 'lab-extension');
  assert.equal((await failure(folder, 'gone/lab.ts')).code, 'lab-missing');
});

test('a pipe that is named as a lab is not read', async () => {
  const folder = project({ 'lab.ts': hello });
  execFileSync('mkfifo', [join(folder, 'pipe.ts')]);
  const { code, message } = await failure(folder, 'pipe.ts');
  assert.equal(code, 'lab-missing');
  assert.match(message, /pipe\.ts: it is neither a file nor a folder/);
});

test("while a lab's own code runs goqemu listens to no signal: one that never returns could not be ended", async () => {
  const { stop } = listenForInterrupts();
  const heard = () => process.listenerCount('SIGTERM');
  const before = heard();
  const seen: unknown[] = [];
  Object.assign(globalThis, { seeSignals: () => seen.push(heard()) });
  const source = hello.replace('() => {}', '() => { globalThis.seeSignals(); }');
  const { definition, file } = await load(project({ 'lab.ts': `${source}globalThis.seeSignals();\n` }));
  evaluateLab(definition, { labFile: file });
  assert.deepEqual([...seen, heard()], [before - 1, before - 1, before]);
  stop();
});

test('a cache whose manifest is damaged is rebuilt', async () => {
  const folder = project({ 'lab.ts': hello });
  await load(folder);
  for (const name of readdirSync(join(base, 'home', 'cache', 'labs')))
    for (const file of readdirSync(join(base, 'home', 'cache', 'labs', name)))
      if (file.startsWith('manifest-')) writeFileSync(join(base, 'home', 'cache', 'labs', name, file), '{"format":');
  const loaded = await load(folder);
  assert.equal(loaded.cached, false);
  assert.equal(loaded.definition.name, 'hello');
});
