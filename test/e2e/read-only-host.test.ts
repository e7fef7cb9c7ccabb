import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { installedPackage, labsFolder } from '../installed-package.ts';
import { runCommand } from '../run-command.ts';
import { goqemuCommand } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

describe('a folder is on a file system that is mounted read-only', () => {
  let base = '';
  let lab = '';

  before(async () => {
    base = await mkdtemp(join(labsFolder(), 'read-only-'));
    lab = join(base, 'lab');
    for (const folder of [lab, join(base, 'home')]) await mkdir(folder);
    const machine = `{ image: ${JSON.stringify(await tinyImage())}, accelerator: 'tcg', memory: '256 MiB', cpus: 1 }`;
    const source = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'locked' }, (lab) => void lab.vm('web', ${machine}));
`;
    await writeFile(join(lab, 'lab.ts'), source);
  });
  after(() => rm(base, { recursive: true }));

  /** Runs the command where the folder is read-only: a mount of its own (unshare(1)). */
  const withReadOnly = (folder: string, home: string, ...words: readonly string[]) => {
    const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$1" && shift && exec "$@"';
    const own = process.getuid?.() === 0 ? '-m' : '-rm';
    const command = [process.execPath, goqemuCommand, ...words];
    return runCommand('unshare', [own, 'sh', '-c', script, folder, lab, ...command], {
      env: { HOME: installedPackage.home, GOQEMU_HOME: home },
    });
  };

  const cases = [
    { name: 'the home', folder: 'home', home: 'home', words: ['apply', '--yes'] },
    {
      name: 'the folder that the home is to be made in',
      folder: 'home',
      home: 'home/not/yet',
      words: ['apply', '--yes'],
    },
    { name: 'the folder of the lab', folder: 'lab', home: 'other-home', words: ['apply', '--yes'] },
    {
      name: 'the folder of the lab, whose plan is saved',
      folder: 'lab',
      home: 'other-home',
      words: ['plan', '--out', 'saved.plan'],
    },
  ];

  for (const { name, folder, home, words } of cases)
    test(`${name}: goqemu ${words.join(' ')} says so, names the path, and makes no machine`, async () => {
      const { code, stdout, stderr } = await withReadOnly(join(base, folder), join(base, home), ...words);
      const said = `${stdout}${stderr}`;
      assert.notEqual(code, 0, said);
      assert.match(said, /mounted read-only/, said);
      assert.match(said, /\[file-system-read-only\]/, said);
      assert.ok(said.includes(join(base, folder)), said);
      assert.doesNotMatch(said, /ENOENT|EROFS|defect|no such file/, said);
      assert.ok(!existsSync(join(base, home, 'labs')), said);
    });

  test('a plan alone needs nothing to be written, in the folder of the lab', async () => {
    const { code, stdout, stderr } = await withReadOnly(lab, join(base, 'other-home'), 'plan');
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stdout, /1 to create/);
  });
});
