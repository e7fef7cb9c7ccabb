import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { localTree } from './local-tree.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-tree-'));
  await mkdir(join(folder, 'site/empty'), { recursive: true });
  await writeFile(join(folder, 'site/run'), 'x');
  await symlink('run', join(folder, 'site/again'));
  await symlink('site', join(folder, 'link'));
  await symlink('nowhere', join(folder, 'dangling'));
  await chmod(join(folder, 'site'), 0o2775);
  await chmod(join(folder, 'site/empty'), 0o700);
  await chmod(join(folder, 'site/run'), 0o4755);
});
after(() => rm(folder, { recursive: true, force: true }));

const seen = async (source: string, system?: 'win32') =>
  (await localTree(join(folder, source), system)).map(({ path: _path, ...entry }) => entry);

test('a folder is listed with its modes, its empty folders, and the links in it as links', async () => {
  assert.deepEqual(await seen('site'), [
    { name: '', kind: 'folder', mode: 0o2775 },
    { name: 'again', kind: 'link', target: 'run' },
    { name: 'empty', kind: 'folder', mode: 0o700 },
    { name: 'run', kind: 'file', mode: 0o4755 },
  ]);
});

test('a source that is a link is what the link points to', async () => {
  assert.deepEqual(await seen('link'), await seen('site'));
  assert.deepEqual(await seen('site/again'), [{ name: '', kind: 'file', mode: 0o4755 }]);
});

test('a link that leads nowhere is refused with both names, and a path that is not there with its own', async () => {
  await assert.rejects(localTree(join(folder, 'dangling')), {
    code: 'upload-source-missing',
    message: /dangling is a symbolic link to nowhere, which does not exist/,
  });
  await assert.rejects(localTree(join(folder, 'site/run/below')), { code: 'upload-source-missing' });
});

test('a pipe is refused by name, wherever it is', async () => {
  execFileSync('mkfifo', [join(folder, 'site/empty/pipe')]);
  await assert.rejects(localTree(join(folder, 'link')), {
    code: 'upload-unsupported',
    message: /empty\/pipe is neither/,
  });
  await rm(join(folder, 'site/empty/pipe'));
});

test('on Windows files and folders have the modes that they get in a guest', async () => {
  assert.deepEqual(
    (await seen('site', 'win32')).map((entry) => ('mode' in entry ? entry.mode : entry.target)),
    [0o755, 'run', 0o755, 0o644],
  );
});

test('a name that is not UTF-8, or a link to one, is refused with its bytes', async () => {
  const place = join(folder, 'latin');
  await mkdir(place);
  const name = Buffer.concat([Buffer.from(`${place}/caf`), Buffer.from([0xe9])]);
  await writeFile(name, 'x').catch((error: unknown) => {
    // APFS and NTFS have no such names, and so nothing to refuse.
    assert.notEqual(process.platform, 'linux', String(error));
  });
  if (process.platform !== 'linux') return;
  await assert.rejects(seen('latin'), {
    code: 'upload-unsupported',
    message: /a name in .*latin is not UTF-8: caf\\xe9$/,
  });
  await rm(name);
  await symlink(Buffer.from([0x61, 0xe9]), join(place, 'link'));
  await assert.rejects(seen('latin'), {
    code: 'upload-unsupported',
    message: /link .*latin\/link is not UTF-8: a\\xe9$/,
  });
});
