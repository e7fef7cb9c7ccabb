import assert from 'node:assert/strict';
import { chmod, mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode, hostPlatform } from '@goqemu/core';
import { otherPlatform, temporaryFolder } from '../fixture/test-machine.ts';
import { defaultRuntimeFolder, hostRuntimeFolder, makeRuntimeFolder } from './runtime-folder.ts';

const uuid = '11111111-2222-4333-8444-555555555555';

test('sockets lie below XDG_RUNTIME_DIR, else below a folder of the user’s own in the temporary folder', () => {
  const xdg = otherPlatform('linux', { env: { XDG_RUNTIME_DIR: '/run/user/1000' } });
  assert.match(defaultRuntimeFolder(uuid, xdg), /^\/run\/user\/1000\/goqemu\/[0-9a-f]{12}$/);
  assert.match(defaultRuntimeFolder(uuid, otherPlatform('linux')), /^\/tmp\/goqemu-1000\/[0-9a-f]{12}$/);
  const relative = otherPlatform('linux', { env: { XDG_RUNTIME_DIR: 'run' } });
  assert.match(defaultRuntimeFolder(uuid, relative), /^\/tmp\//);
  const windows = otherPlatform('win32', { env: { LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' } });
  assert.match(defaultRuntimeFolder(uuid, windows), /^C:\\Users\\me\\AppData\\Local\\goqemu\\run\\[0-9a-f]{12}$/);
});

test('on macOS sockets are in the Library, which loses nothing after three days, where a socket’s path is short enough', () => {
  const temporary = '/var/folders/xx/yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy/T';
  const mac = (homeFolder: string) => {
    const platform = otherPlatform('darwin', { homeFolder, temporaryFolder: temporary, uid: 501 });
    const folder = defaultRuntimeFolder(uuid, platform);
    assert.ok(Buffer.byteLength(join(folder, 'c')) < 104, folder);
    return folder;
  };
  assert.match(mac('/Users/maria'), /^\/Users\/maria\/Library\/Application Support\/goqemu\/run\/[0-9a-f]{12}$/);
  assert.match(mac(`/Users/${'m'.repeat(30)}`), /^\/Users\//);
  assert.ok(mac(`/Volumes/${'m'.repeat(60)}/maria`).startsWith(`${temporary}/goqemu-501/`));
});

test('a runtime folder of another user, or one that is not there, is passed over', async (t) => {
  const folder = await temporaryFolder(t);
  const ours = { ...hostPlatform(), env: { XDG_RUNTIME_DIR: folder } };
  assert.ok((await hostRuntimeFolder(uuid, ours)).startsWith(folder));
  for (const platform of [
    { ...ours, uid: 4711 },
    { ...ours, env: { XDG_RUNTIME_DIR: join(folder, 'nowhere') } },
  ]) {
    assert.ok((await hostRuntimeFolder(uuid, platform)).startsWith(join(platform.temporaryFolder, 'goqemu-')));
  }
});

test('the folder may be there already', async (t) => {
  const folder = join(await temporaryFolder(t), 'goqemu', 'm');
  await makeRuntimeFolder(folder, hostPlatform());
  await makeRuntimeFolder(folder, hostPlatform());
  assert.ok((await stat(folder)).isDirectory());
});

test('the folder of a machine is for its owner alone', async (t) => {
  const folder = join(await temporaryFolder(t), 'goqemu', 'm');
  await makeRuntimeFolder(folder, hostPlatform());
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
});

test('a folder that others may enter, of another owner, or behind a link is refused', async (t) => {
  const parent = await temporaryFolder(t);
  const open = join(parent, 'open');
  await mkdir(open);
  await chmod(open, 0o777);
  const refused = (error: unknown) => hasErrorCode(error, 'runtime-folder-unsafe');
  await assert.rejects(makeRuntimeFolder(open, hostPlatform()), refused);
  const link = join(parent, 'link');
  await mkdir(join(parent, 'real'), { mode: 0o700 });
  await symlink(join(parent, 'real'), link);
  await assert.rejects(makeRuntimeFolder(link, hostPlatform()), refused);
  const stranger = { ...hostPlatform(), uid: 4711 };
  await assert.rejects(makeRuntimeFolder(join(parent, 'real'), stranger), refused);
});

test('a folder inside a world-writable one is refused, unless no other user can replace it there', async (t) => {
  const parent = join(await temporaryFolder(t), 'public');
  await mkdir(parent);
  await chmod(parent, 0o777);
  await assert.rejects(makeRuntimeFolder(join(parent, 'm'), hostPlatform()), (error) =>
    hasErrorCode(error, 'runtime-folder-unsafe'),
  );
  await chmod(parent, 0o1777); // as /tmp is
  await makeRuntimeFolder(join(parent, 'm'), hostPlatform());
});

test('a path that no socket can have is refused before QEMU is started', async () => {
  await assert.rejects(makeRuntimeFolder(`/tmp/${'x'.repeat(100)}`, hostPlatform()), (error) =>
    hasErrorCode(error, 'socket-path-too-long'),
  );
});
