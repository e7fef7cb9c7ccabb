import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { nodeOf, ownNode } from '../../scripts/run/node-versions.ts';
import { installedPackage, labsFolder } from '../installed-package.ts';

const base = mkdtempSync(join(labsFolder(), 'kept-code-'));
after(() => rmSync(base, { recursive: true }));

for (const line of ['own', '22', '24', 'latest'])
  test(`a run keeps its compiled code, and damaged code is made again (Node.js ${line})`, async () => {
    const node = line === 'own' ? ownNode : await nodeOf(line);
    const folder = mkdtempSync(join(base, 'lab-'));
    writeFileSync(
      join(folder, 'lab.ts'),
      "import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'kept' }, (lab) => { lab.vm('web'); });\n",
    );
    const home = join(folder, 'home');
    const kept = join(home, 'cache/code');
    const graph = async () => {
      const env = { ...process.env, GOQEMU_HOME: home };
      return await promisify(execFile)(node.path, [installedPackage.command, 'graph'], { cwd: folder, env });
    };
    const without = await graph();
    assert.equal(without.stderr, '', node.version);
    mkdirSync(kept, { recursive: true });
    assert.deepEqual(await graph(), without);
    const [name = ''] = readdirSync(kept);
    const file = join(kept, name);
    const code = readFileSync(file);
    assert.ok(code.length > 100_000, `${name}: ${code.length} bytes`);
    assert.deepEqual(await graph(), without);
    assert.deepEqual(readFileSync(file), code, 'what is whole stays');

    for (const damaged of [Buffer.alloc(0), code.subarray(0, code.length / 2), Buffer.alloc(code.length)]) {
      writeFileSync(file, damaged);
      assert.deepEqual(await graph(), without);
      assert.ok(readFileSync(file).length > 100_000, 'made again');
    }
    assert.deepEqual(readdirSync(kept), [name]);
  });
