import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type StartAndWait, windowsFolderWays } from './windows-folders.ts';

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'goqemu-folders-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const env = { USERNAME: 'Jürgen', USERDOMAIN: 'PC', SystemRoot: 'C:\\Windows' };

test('short names are asked for in variables, and one that is not the same folder is not believed', (t) => {
  const base = temporary(t);
  const [long = '', mine = '', other = ''] = ['jürgen', 'JRGEN~1', 'jurgen'].map((name) => join(base, name));
  mkdirSync(long);
  symlinkSync(long, mine); // as a short name is: another path of the same folder
  mkdirSync(other);
  const started: unknown[] = [];
  const answer = (text: string): StartAndWait => {
    return (program, args, given) => {
      started.push([program, args, given.GOQEMU_FOLDER_0, given.GOQEMU_FOLDER_1]);
      return text;
    };
  };
  const ask = (text: string) => windowsFolderWays(env, answer(text)).shortNames([long, base]);
  assert.deepEqual(ask(`${mine}\r\n${base}\r\n`), [mine, base]);
  const command = 'for %I in ("%GOQEMU_FOLDER_0%" "%GOQEMU_FOLDER_1%") do @echo %~sI';
  assert.deepEqual(started, [['cmd.exe', ['/d', '/v:off', '/c', command], long, base]]);
  assert.deepEqual(ask(`${other}\r\n${base}\r\n`), [long, base], 'a letter that the code page lacks');
  assert.deepEqual(ask(''), [long, base]);
});

test('where no program may be run, a folder has no short name', (t) => {
  const base = temporary(t);
  const start: StartAndWait = () => {
    throw Object.assign(new Error('no'), { code: 'EPERM' });
  };
  assert.deepEqual(windowsFolderWays(env, start).shortNames([base]), [base]);
});

test('the other place is made for its user alone, or goes again', (t) => {
  const folder = join(temporary(t), 'goqemu-x');
  const started: (readonly string[])[] = [];
  const start: StartAndWait = (program, args) => {
    started.push([program, ...args]);
    return '';
  };
  assert.equal(windowsFolderWays(env, start).claim(folder, ['qemu', 'tmp']), true);
  assert.deepEqual(started[0]?.slice(0, 5), ['icacls', folder, '/inheritance:r', '/grant:r', 'PC\\Jürgen:(OI)(CI)F']);
  assert.ok(existsSync(join(folder, 'qemu')) && existsSync(join(folder, 'tmp')));
  const refused = join(folder, 'fat');
  const failing: StartAndWait = () => {
    throw new Error('no access lists');
  };
  assert.equal(windowsFolderWays(env, failing).claim(refused, ['qemu']), false);
  assert.equal(existsSync(refused), false);
});

test('a place that is there is used when it is this user’s, and not when that cannot be known', (t) => {
  const folder = temporary(t);
  const owner = (answer: string | Error): StartAndWait => {
    return (program, args, given) => {
      assert.match(program, /powershell\.exe$/);
      assert.match(args.at(-1) ?? '', /GetOwner/);
      assert.equal(given.GOQEMU_FOLDER_0, folder);
      if (typeof answer !== 'string') throw answer;
      return answer;
    };
  };
  const claim = (answer: string | Error) => windowsFolderWays(env, owner(answer)).claim(folder, ['qemu']);
  assert.deepEqual([claim('False\r\n'), claim(''), claim(new Error('no PowerShell'))], [false, false, false]);
  assert.equal(existsSync(join(folder, 'qemu')), false);
  assert.equal(claim('True\r\n'), true);
});
