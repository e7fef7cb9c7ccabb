import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makePrivateFolder, type PrivateFolderHost } from './private-folder.ts';

const env = { USERDOMAIN: 'HOST', USERNAME: 'me', LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' };

/** A Windows on which `mkdir` makes this folder first, and the commands that it was given. */
function windows(made: string | undefined, fails = false) {
  const commands: string[][] = [];
  const host: PrivateFolderHost = {
    platform: { system: 'win32', env, homeFolder: 'C:\\Users\\me', temporaryFolder: 'C:\\Temp' },
    makeFolder: () => made,
    run: async (program, args) => {
      commands.push([program, ...args]);
      if (fails) throw new Error('The parameter is incorrect.');
      return { stdout: '' };
    },
  };
  return { host, commands };
}

test('outside the user’s profile the first folder that is made has an access list that all in it inherits', async () => {
  const { host, commands } = windows('D:\\labs');
  await makePrivateFolder('D:\\labs\\keys', host);
  const people = ['HOST\\me:(OI)(CI)F', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F'];
  assert.deepEqual(commands, [['icacls', 'D:\\labs', '/inheritance:r', '/grant:r', ...people, '/Q']]);
});

test('below the profile, and for a folder that is there, nothing is asked of Windows', async () => {
  for (const made of ['C:\\Users\\me\\qemu', 'C:\\Users\\me\\AppData\\Local\\goqemu', undefined]) {
    const { host, commands } = windows(made);
    await makePrivateFolder('C:\\Users\\me\\qemu\\keys', host);
    assert.deepEqual(commands, []);
  }
  const { host, commands } = windows('C:\\Users\\me2\\qemu');
  await makePrivateFolder('C:\\Users\\me2\\qemu', host);
  assert.equal(commands.length, 1, 'another user’s profile is not below this one');
});

test('where no access list can be set, nothing secret is written', async () => {
  const { host } = windows('E:\\labs', true);
  await assert.rejects(makePrivateFolder('E:\\labs\\keys', host), { code: 'folder-not-private', subject: 'E:\\labs' });
});

test('elsewhere the mode keeps others out', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gqf-'));
  t.after(() => rm(folder, { recursive: true }));
  await makePrivateFolder(join(folder, 'a', 'b'));
  assert.equal((await stat(join(folder, 'a', 'b'))).mode & 0o777, 0o700);
});
