import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Script } from 'node:vm';
import { KeptCode } from './kept-code.ts';

const source = 'exports.answer = () => 42;';

function withHome(use: (home: string, kept: KeptCode) => void): void {
  const home = mkdtempSync(join(tmpdir(), 'goqemu-kept-code-'));
  try {
    use(home, new KeptCode('/dist/look.cjs', source, home));
  } finally {
    rmSync(home, { recursive: true });
  }
}

test('what was written is read, and V8 takes it', () => {
  withHome((_home, kept) => {
    assert.equal(kept.read(), undefined);
    kept.write(new Script(source));
    const script = new Script(source, { cachedData: kept.read() });
    assert.equal(script.cachedDataRejected, false);
  });
});

test('code of another source is not given to V8, which compares lengths alone', () => {
  withHome((home, kept) => {
    kept.write(new Script(source));
    assert.equal(new KeptCode('/dist/look.cjs', source.replace('42', '43'), home).read(), undefined);
  });
});

test('one byte changed, a part, nothing, a folder: as if it were not there, and the next run writes it', () => {
  withHome((home, kept) => {
    kept.write(new Script(source));
    const [name = ''] = readdirSync(join(home, 'cache/code'));
    const file = join(home, 'cache/code', name);
    const whole = readFileSync(file);
    const changed = Buffer.from(whole);
    changed.writeUInt8(changed.readUInt8(whole.length - 5) ^ 1, whole.length - 5);
    for (const content of [changed, whole.subarray(0, 70), whole.subarray(0, 10), Buffer.alloc(0)]) {
      writeFileSync(file, content);
      assert.equal(kept.read(), undefined, `${content.length} bytes`);
    }
    rmSync(file);
    mkdirSync(join(file, 'inside'), { recursive: true });
    assert.equal(kept.read(), undefined);
    kept.write(new Script(source));
    assert.ok(kept.read());
  });
});

test("goqemu's folder is not made for it", () => {
  withHome((home) => {
    const kept = new KeptCode('/dist/look.cjs', source, join(home, 'none'));
    kept.write(new Script(source));
    assert.deepEqual(readdirSync(home), []);
  });
});

test('code of yesterday that nobody writes any more goes', () => {
  withHome((home, kept) => {
    kept.write(new Script(source));
    const folder = join(home, 'cache/code');
    const [own = ''] = readdirSync(folder);
    for (const [name, age] of [
      ['old', 25],
      ['fresh', 1],
    ] as const) {
      writeFileSync(join(folder, name), '');
      const at = new Date(Date.now() - age * 3600_000);
      utimesSync(join(folder, name), at, at);
    }
    kept.write(new Script(source));
    assert.deepEqual(readdirSync(folder).sort(), ['fresh', own].sort());
  });
});
