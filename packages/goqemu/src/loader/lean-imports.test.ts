import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { leanParts, withLeanImports } from './lean-imports.ts';

const folder = pathToFileURL(join(import.meta.dirname, '..', '/')).href;
const sdk = `${folder}index.ts`;

test('names that a part has come from the part, the others from the whole, on as many lines as before', () => {
  const code = `import {\n  defineLab,\n  z as schema,\n  QemuVM\n} from "${sdk}";\nlab();\n`;
  assert.equal(
    withLeanImports(code, sdk),
    `import { defineLab } from "${folder}describe.ts"; import { z as schema } from "${folder}schema.ts"; import { QemuVM } from "${sdk}";\n\n\n\n\nlab();\n`,
  );
});

test('an import of everything, and those of other packages, stay as they are', () => {
  const code = `import * as all from "${sdk}";\nimport { sh } from "${folder}other.ts";\nimport "${sdk}";\n`;
  assert.equal(withLeanImports(code, sdk), code);
});

test('a goqemu without such parts is imported whole', () => {
  const older = pathToFileURL('/nowhere/dist/index.js').href;
  const code = `import { defineLab } from "${older}";\n`;
  assert.equal(withLeanImports(code, older), code);
});

test('each part has the names listed for it, and they are the same as those of the whole', async () => {
  const whole = (await import('../index.ts')) as Record<string, unknown>;
  for (const [part, names] of Object.entries(leanParts)) {
    const found = (await import(`../${part}.ts`)) as Record<string, unknown>;
    assert.deepEqual(Object.keys(found), [...names].sort(), part);
    for (const name of names) assert.equal(found[name], whole[name], name);
  }
});
