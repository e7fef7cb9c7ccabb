import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
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

test('the examples of the documentation compile', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-docs-'));
  try {
    const files = await Promise.all(
      examples.map(async (example, index) => {
        const file = join(folder, `example-${index}.ts`);
        await writeFile(file, withEntries(example));
        return file;
      }),
    );
    const program = ts.createProgram(files, {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      types: ['node'],
      typeRoots: [here('../../../../node_modules/@types')],
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    });
    const complaints = ts
      .getPreEmitDiagnostics(program)
      .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
    assert.deepEqual(complaints, []);
  } finally {
    await rm(folder, { recursive: true });
  }
});

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
    await import(pathToFileURL(file).href);
  });
}

function withEntries(code: string): string {
  return code.replaceAll(/from '(goqemu\/\w+)'/g, (_, name: string) => {
    assert.ok(entries[name], `${name} is no entry point`);
    return `from '${entries[name]}'`;
  });
}
