import assert from 'node:assert/strict';
import { win32 } from 'node:path';
import { test } from 'node:test';
import { type FolderWays, withAsciiFolders } from './ascii-folders.ts';
import { goqemuHome, type HostPlatform } from './host-platform.ts';

const profile = 'C:\\Users\\Jürgen';

function windows(env: Record<string, string> = {}, home = profile): HostPlatform {
  const local = win32.join(home, 'AppData', 'Local');
  return {
    system: 'win32',
    arch: 'x64',
    env: {
      USERNAME: win32.basename(home),
      USERDOMAIN: 'PC',
      LOCALAPPDATA: local,
      ProgramData: 'C:\\ProgramData',
      ...env,
    },
    homeFolder: home,
    temporaryFolder: win32.join(local, 'Temp'),
    uid: undefined,
  };
}

/** What a Windows says: its folders, the short names of those that have one, and whether the other place may be had. */
function ways(short: Readonly<Record<string, string>>, mayClaim = true) {
  const asked: (readonly string[])[] = [];
  const claimed: unknown[] = [];
  const there = ['C:\\', 'D:\\', profile, `${profile}\\AppData\\Local`, `${profile}\\AppData\\Local\\Temp`];
  const all: FolderWays = {
    exists: (path) => there.includes(path),
    shortNames: (folders) => {
      asked.push(folders);
      return folders.map((folder) => short[folder] ?? folder);
    },
    claim: (folder, below) => {
      claimed.push([folder, below]);
      return mayClaim;
    },
  };
  return { all, asked, claimed };
}

const shortNames = {
  [profile]: 'C:\\Users\\JRGEN~1',
  [`${profile}\\AppData\\Local`]: 'C:\\Users\\JRGEN~1\\AppData\\Local',
  [`${profile}\\AppData\\Local\\Temp`]: 'C:\\Users\\JRGEN~1\\AppData\\Local\\Temp',
};

test('a user with letters outside of ASCII has the short names of the same folders, asked for at once', () => {
  const { all, asked, claimed } = ways(shortNames);
  const found = withAsciiFolders(windows(), all);
  assert.equal(win32.normalize(goqemuHome(found)), 'C:\\Users\\JRGEN~1\\qemu');
  assert.equal(found.env.LOCALAPPDATA, 'C:\\Users\\JRGEN~1\\AppData\\Local');
  assert.equal(found.temporaryFolder, 'C:\\Users\\JRGEN~1\\AppData\\Local\\Temp');
  assert.equal(found.homeFolder, 'C:\\Users\\JRGEN~1', 'what is below it counts as the user’s own');
  assert.deepEqual(
    found.moved?.map(({ what, how }) => [what, how]),
    [
      ['home', 'short-name'],
      ['run', 'short-name'],
      ['temporary', 'short-name'],
    ],
  );
  assert.equal(found.moved?.[0]?.from, 'C:\\Users\\Jürgen\\qemu');
  assert.deepEqual([asked.length, claimed], [1, []]);
});

test('without short names all is in a folder of the user’s own below ProgramData', () => {
  const { all, claimed } = ways({});
  const found = withAsciiFolders(windows(), all);
  const other = 'C:\\ProgramData\\goqemu-PC-J-C3-BCrgen';
  assert.deepEqual(claimed, [[other, ['qemu', 'run', 'tmp']]]);
  assert.equal(goqemuHome(found), `${other}\\qemu`);
  assert.deepEqual([found.env.LOCALAPPDATA, found.temporaryFolder], [`${other}\\run`, `${other}\\tmp`]);
  assert.ok(found.moved?.every(({ how }) => how === 'other-folder'));
});

test('a place that is another user’s is not used: the folders stay, and QEMU cannot open them', () => {
  const found = withAsciiFolders(windows(), ways({}, false).all);
  assert.equal(goqemuHome(found), 'C:\\Users\\Jürgen\\qemu');
  assert.deepEqual(
    found.moved?.map(({ how, from, to }) => how === 'none' && from === to),
    [true, true, true],
  );
});

test('only what has such characters moves: a GOQEMU_HOME of ASCII stays, and one with a name to come has no short name', () => {
  const kept = withAsciiFolders(windows({ GOQEMU_HOME: 'D:\\qemu' }), ways(shortNames).all);
  assert.deepEqual([goqemuHome(kept), kept.moved?.map(({ what }) => what)], ['D:\\qemu', ['run', 'temporary']]);
  const named = withAsciiFolders(windows({ GOQEMU_HOME: 'D:\\größe' }), ways(shortNames).all);
  assert.equal(goqemuHome(named), 'C:\\ProgramData\\goqemu-PC-J-C3-BCrgen\\qemu');
});

test('a user of ASCII, and any other system, is asked nothing', () => {
  const { all, asked } = ways({});
  const me = windows({}, 'C:\\Users\\me');
  assert.equal(withAsciiFolders(me, all), me);
  const linux: HostPlatform = { ...windows(), system: 'linux', homeFolder: '/home/jürgen' };
  assert.equal(withAsciiFolders(linux, all), linux);
  assert.deepEqual(asked, []);
});
