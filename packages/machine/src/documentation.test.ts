import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { temporaryFolder, testQemu } from './fixture/test-machine.ts';

const document = join(import.meta.dirname, '../../../docs/machine.md');
const entry = pathToFileURL(join(import.meta.dirname, 'index.ts')).href;

test('every example of docs/machine.md runs', async (t) => {
  const folder = await temporaryFolder(t);
  const qemuImg = (await testQemu()).imgPath ?? 'qemu-img';
  await execa(qemuImg, ['create', '-q', '-f', 'qcow2', join(folder, 'web.qcow2'), '64M']);
  await writeFile(join(folder, 'tools.iso'), Buffer.alloc(65_536));
  const text = await readFile(document, 'utf8');
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  assert.ok(examples.length >= 7);
  const names: string[] = [];
  for (const [index, example] of examples.entries()) {
    const name = `example-${index + 1}.mts`;
    names.push(name);
    await writeFile(join(folder, name), example.replaceAll("'goqemu/machine'", `'${entry}'`));
  }
  const all = names.map((name) => `await import('./${name}');\n`).join('');
  await writeFile(join(folder, 'all.mts'), `${all}process.stdout.write('all ran\\n');\n`);
  const tsx = import.meta.resolve('tsx');
  const { stdout } = await execa(process.execPath, ['--import', tsx, 'all.mts'], { cwd: folder, timeout: 60_000 });
  assert.match(stdout, /all ran$/);
});
