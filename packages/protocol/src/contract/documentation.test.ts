import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import { startGuestAgent, startQemu } from './server-process.ts';

const page = await readFile(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The public entry points, by the files that they are made of. */
const entries: Readonly<Record<string, string>> = {
  'goqemu/qmp': here('../qmp/index.ts'),
  'goqemu/qga': here('../qga/index.ts'),
  'goqemu/testing': here('../../../testing/src/index.ts'),
};

for (const [index, example] of examples.entries()) {
  test(`example ${index + 1} of the documentation runs`, async () => {
    await using qemu = await startQemu();
    await using agent = await startGuestAgent();
    const file = join(qemu.folder, 'example.ts');
    const code = withEntries(example)
      .replaceAll('/run/vm/qmp.sock', qemu.path)
      .replaceAll('/run/vm/qga.sock', agent.path)
      .replaceAll('/run/vm/', `${qemu.folder}/`)
      .replaceAll('console.log(', 'void (');
    // A package.json of its own makes it a module, as a user's file with top-level await is.
    await writeFile(join(qemu.folder, 'package.json'), '{"type": "module"}');
    await writeFile(file, code);
    await tsImport(pathToFileURL(file).href, import.meta.url);
  });
}

function withEntries(code: string): string {
  return code.replaceAll(/from '(goqemu\/\w+)'/g, (_, name: string) => {
    assert.ok(entries[name], `${name} is no entry point`);
    return `from '${entries[name]}'`;
  });
}
