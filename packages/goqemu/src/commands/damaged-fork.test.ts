import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { labOf, TestLab } from '../shell/fixture/test-lab.ts';

const damages: Readonly<Record<string, (path: string, other: string) => void>> = {
  missing: (path) => rmSync(path),
  empty: (path) => writeFileSync(path, ''),
  'cut short': (path) => writeFileSync(path, readFileSync(path).subarray(0, 200)),
  'full of zeros': (path) => writeFileSync(path, Buffer.alloc(300)),
  "the lab's": (path, other) => writeFileSync(path, readFileSync(other)),
  'a folder': (path) => {
    rmSync(path);
    mkdirSync(path);
  },
};

for (const file of ['state.json', 'state.before.json', 'journal.before.ndjson'])
  for (const [what, damage] of Object.entries(damages))
    test(`a fork whose ${file} is ${what} costs the lab nothing, and can be removed`, async () => {
      using lab = new TestLab(labOf('web', ['web']));
      const ran = async (...words: string[]) => {
        const { code, stdout, stderr } = await lab.run(words);
        assert.equal(code, 0, `${words.join(' ')}: ${stdout}${stderr}`);
        return stdout;
      };
      await ran('apply', '--yes');
      await ran('checkpoint', 'fork', 'ready', '--name', 'other', '--yes');
      assert.equal(lab.host.machines.size, 2);
      damage(lab.file(`.goqemu/web/other/${file}`), lab.file(`.goqemu/web/default/${file}`));
      assert.match(await ran('plan'), /Nothing to do/);
      await ran('checkpoint', 'list');
      await ran('status');
      await ran('apply', '--yes');
      const left = await lab.run(['destroy', '--forks', '--yes']);
      if (left.code !== 0) {
        assert.match(left.stderr, /belongs to the stack "default", not to "other": .*delete .*state\.json/s);
        rmSync(lab.file(`.goqemu/web/other/${file}`));
        await ran('destroy', '--forks', '--yes');
      }
      assert.equal(lab.host.machines.size, 1, `the fork's machine is left: ${left.stderr}`);
      await ran('destroy', '--yes');
      assert.equal(lab.host.machines.size, 0);
    });
