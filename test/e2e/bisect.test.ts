import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '../run-command.ts';
import { goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

interface BisectDocument {
  readonly lastGood: string;
  readonly firstBad: readonly string[];
  readonly tries: readonly {
    readonly value: string;
    readonly verdict: string;
    readonly exitCode: number | null;
    readonly output: string;
  }[];
}

describe('the first bad one is found in forks of the lab', () => {
  let folder: LabFolder;

  before(async () => {
    const machine = { image: await tinyImage(), user: 'debian', memory: '256 MiB', cpus: 1 };
    folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'bisected' }, (lab) => {
  lab.vm('web', ${JSON.stringify(machine)}).run('limit', 'echo 8 > /root/limit; chmod -R a+rX /root').checkpoint('ready');
});
`);
    await folder.ok('apply', '--yes');
    await folder.write(Array.from({ length: 12 }, (_, n) => `${n + 1}\n`).join(''), 'sizes.txt');
  });
  after(() => folder[Symbol.asyncDispose]());

  const noForks = async () => assert.deepEqual(await readdir(folder.file('.goqemu/bisected')), ['default']);

  test('in the lines of a file', async () => {
    const command =
      'echo tried $GOQEMU_BISECT; test ! -e /tmp/tried && touch /tmp/tried && [ $GOQEMU_BISECT -lt $(cat /root/limit) ]';
    const words = ['bisect', '--at', 'ready', '--list', 'sizes.txt', '--good', '1', '--bad', '12'];
    const text = await folder.ok(...words, '--', 'sh', '-c', command);
    assert.equal(text.stdout, 'the first bad one is 8\n');
    assert.match(
      text.stderr,
      /12 candidates, 2 at a time\ngood {4}1 {2}\([\d.]+ s\)\nbad {5}12 {2}\([\d.]+ s, exit code 1\)/,
    );
    assert.match(text.stderr, /\noutput of 8:\n {2}tried 8\n$/);
    const skipping = `[ $GOQEMU_BISECT = 7 ] && exit 125; ${command}`;
    const run = await folder.run([...words, '--json', '--', 'sh', '-c', skipping]);
    assert.equal(run.code, 1, run.stderr);
    const { lastGood, firstBad, tries } = JSON.parse(run.stdout) as BisectDocument;
    assert.deepEqual([lastGood, firstBad], ['6', ['7', '8']]);
    const eighth = tries.find(({ value }) => value === '8');
    assert.deepEqual(eighth && [eighth.verdict, eighth.exitCode, eighth.output], ['bad', 1, 'tried 8\n']);
    await noForks();
  });

  test('in the revisions of a repository, whose files the machine gets', async () => {
    const repository = folder.file('repository');
    await mkdir(join(repository, 'app'), { recursive: true });
    const git = async (...words: string[]) => {
      const run = await runCommand('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words]);
      assert.equal(run.code, 0, run.stderr);
      return run.stdout.trim();
    };
    await git('init', '--quiet', '--initial-branch', 'main');
    for (let n = 1; n <= 6; n++) {
      await folder.write(n < 4 ? 'works\n' : 'fails\n', 'repository/app/state');
      await folder.write(`${n}\n`, 'repository/app/number');
      await git('add', '.');
      await git('commit', '--quiet', '--message', `change ${n}`);
    }
    const words = ['bisect', '--at', 'ready', '--git', 'repository/app', '--good', 'main~5', '--bad', 'main'];
    const { stdout } = await folder.ok(...words, '--', 'grep', '-q', 'works', 'state');
    assert.match(stdout, /^the first bad one is [0-9a-f]+ change 4\n$/);

    const swapped = await folder.run([
      'bisect',
      '--at',
      'ready',
      '--git',
      'repository/app',
      '--good',
      'main',
      '--bad',
      'main~5',
      '--',
      'true',
    ]);
    assert.equal(swapped.code, 65);
    assert.match(swapped.stderr, /--good main is no ancestor of --bad main~5/);
    const wrong = await folder.run([...words, '--', 'false']);
    assert.equal(wrong.code, 65);
    assert.match(wrong.stderr, /--good [0-9a-f]+ change 1 is bad/);
    await noForks();
  });

  test('when it is killed, its forks go with the next command', async () => {
    const words = [
      'bisect',
      '--at',
      'ready',
      '--list',
      'sizes.txt',
      '--good',
      '1',
      '--bad',
      '12',
      '--',
      'sleep',
      '600',
    ];
    const child = spawn(process.execPath, [goqemuCommand, ...words], {
      cwd: folder.path,
      env: { ...process.env, ...folder.env },
      stdio: 'ignore',
    });
    while ((await readdir(folder.file('.goqemu/bisected'))).length === 1) await new Promise((go) => setTimeout(go, 50));
    child.kill('SIGKILL');
    await new Promise((go) => child.once('exit', go));
    await folder.ok('checkpoint', 'create', 'next');
    await noForks();
  });
});
