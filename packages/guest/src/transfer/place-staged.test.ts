import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { localTree } from '@goqemu/core';
import { placeStaged } from './place-staged.ts';

const { uid, gid } = userInfo();
const ownIds = `${uid}:${gid}`;
/** What a guest may have: dash with GNU's tools, and busybox for everything. */
const shells = ['sh', 'busybox'] as const;

let folder = '';
const paths = new Map<string, string>();
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-place-'));
  paths.set('sh', process.env.PATH ?? '');
  const applets = join(folder, 'bin');
  await mkdir(applets);
  for (const name of ['sh', 'chmod', 'chown', 'cp', 'mkdir', 'mktemp', 'mv', 'rm', 'rmdir'])
    await symlink('/bin/busybox', join(applets, name));
  paths.set('busybox', applets);
});
after(() => rm(folder, { recursive: true, force: true }));

/** Places `source` as an upload does after its copy has arrived; the copy here is made by cp. */
async function place(shell: string, source: string, destination: string) {
  const stage = await mkdtemp(join(folder, 'stage-'));
  const staged = join(stage, 'content');
  execFileSync('cp', ['-aH', source, staged]);
  const script = placeStaged({ staged, source, destination, owner: ownIds, entries: await localTree(source) });
  const PATH = paths.get(shell) ?? '';
  const result = spawnSync('/bin/sh', ['-c', shell === 'sh' ? script : `exec busybox sh`], {
    input: script,
    encoding: 'utf8',
    env: { PATH: shell === 'sh' ? PATH : `${PATH}:/bin:/usr/bin` },
  });
  await rm(stage, { recursive: true, force: true });
  return result;
}

async function placed(shell: string, source: string, destination: string): Promise<void> {
  const { status, stderr } = await place(shell, source, destination);
  assert.equal(status, 0, stderr);
}

const modeOf = async (...path: string[]) => (await lstat(join(...path))).mode & 0o7777;

async function guestAndSource(name: string) {
  const [guest, source] = [join(folder, name, 'guest'), join(folder, name, 'source')];
  await mkdir(join(guest, 'tmp'), { recursive: true });
  await mkdir(join(source, 'tmp/new'), { recursive: true });
  return { guest, source };
}

for (const shell of shells) {
  test(`folders that are there keep their modes, and what is new gets its own (${shell})`, async () => {
    const { guest, source } = await guestAndSource(`modes-${shell}`);
    await chmod(guest, 0o750);
    await chmod(join(guest, 'tmp'), 0o1777);
    for (const path of ['', 'tmp']) await chmod(join(source, path), 0o775);
    await chmod(join(source, 'tmp/new'), 0o2770);
    await writeFile(join(source, 'tmp/new/deep'), 'deep');
    await writeFile(join(source, 'tmp/tool'), 'tool');
    await chmod(join(source, 'tmp/tool'), 0o4755);
    await placed(shell, source, `${guest}/`);
    assert.deepEqual(
      await Promise.all(['', 'tmp', 'tmp/new', 'tmp/tool'].map((path) => modeOf(guest, path))),
      [0o750, 0o1777, 0o2770, 0o4755],
    );
    assert.equal(await readFile(join(guest, 'tmp/new/deep'), 'utf8'), 'deep');
    assert.deepEqual(await readdir(guest), ['tmp']);
    assert.deepEqual((await readdir(join(guest, 'tmp'))).sort(), ['new', 'tool']);
  });

  test(`a link to a folder is gone through, one to a file is replaced, and another name of a file stays (${shell})`, async () => {
    const { guest, source } = await guestAndSource(`links-${shell}`);
    await mkdir(join(guest, 'usr/bin'), { recursive: true });
    await symlink('usr/bin', join(guest, 'bin'));
    await writeFile(join(guest, 'usr/stub'), 'stub');
    await symlink('usr/stub', join(guest, 'resolv'));
    await writeFile(join(guest, 'twin'), 'before');
    await link(join(guest, 'twin'), join(guest, 'file'));
    await mkdir(join(source, 'bin'));
    await writeFile(join(source, 'bin/tool'), 'tool');
    await writeFile(join(source, 'resolv'), 'own');
    await writeFile(join(source, 'file'), 'after');
    await symlink('file', join(source, 'relative'));
    await placed(shell, source, guest);
    const read = (path: string) => readFile(join(guest, path), 'utf8');
    assert.equal(await readlink(join(guest, 'bin')), 'usr/bin');
    assert.equal(await read('usr/bin/tool'), 'tool');
    assert.deepEqual([await read('resolv'), await read('usr/stub')], ['own', 'stub']);
    assert.deepEqual([await read('file'), await read('twin')], ['after', 'before']);
    assert.equal(await readlink(join(guest, 'relative')), 'file');
  });

  test(`hundreds of files and hostile names arrive, and nothing else is left (${shell})`, async () => {
    const { guest, source } = await guestAndSource(`many-${shell}`);
    const names = [
      ...Array.from({ length: 320 }, (_, i) => `f${i}`),
      "it's $(id)",
      '-rf',
      '.hidden',
      '..odd',
      'a\nb',
      '*',
    ];
    for (const name of names) await writeFile(join(source, 'tmp', name), name);
    await placed(shell, source, guest);
    assert.deepEqual((await readdir(join(guest, 'tmp'))).sort(), [...names, 'new'].sort());
    assert.equal(await readFile(join(guest, 'tmp/*'), 'utf8'), '*');
    assert.equal(await readFile(join(guest, 'tmp/f319'), 'utf8'), 'f319');
  });

  test(`a folder in the way of a file and a file in the way of a folder are named, and stay (${shell})`, async () => {
    const { guest, source } = await guestAndSource(`way-${shell}`);
    await writeFile(join(guest, 'tmp/new'), 'a file');
    const first = await place(shell, source, guest);
    assert.equal(first.status, 1);
    assert.match(first.stderr, /tmp\/new is not a folder/);
    await writeFile(join(source, 'one'), 'one');
    await mkdir(join(guest, 'here/one'), { recursive: true });
    const second = await place(shell, join(source, 'one'), join(guest, 'here'));
    assert.equal(second.status, 1);
    assert.match(second.stderr, /here\/one is a folder/);
    assert.deepEqual(await readdir(join(guest, 'here/one')), []);
    assert.equal(await readFile(join(guest, 'tmp/new'), 'utf8'), 'a file');
    assert.deepEqual(await readdir(join(guest, 'tmp')), ['new']);
  });

  test(`a file keeps its set-id bit, and folders on the way are 0755 whatever the umask (${shell})`, async () => {
    const { guest, source } = await guestAndSource(`file-${shell}`);
    await writeFile(join(source, 'tool'), 'tool');
    await chmod(join(source, 'tool'), 0o6711);
    const before = process.umask(0o077);
    try {
      await placed(shell, join(source, 'tool'), join(guest, 'a/b/tool'));
    } finally {
      process.umask(before);
    }
    assert.deepEqual(
      [await modeOf(guest, 'a'), await modeOf(guest, 'a/b'), await modeOf(guest, 'a/b/tool')],
      [0o755, 0o755, 0o6711],
    );
  });
}

test('what is new belongs to the owner of the step, what was there does not change hands', async () => {
  const { guest, source } = await guestAndSource('owners');
  await writeFile(join(source, 'tmp/t'), 't');
  const script = placeStaged({
    staged: '/var/tmp/stage/content',
    source,
    destination: guest,
    owner: 'www-data:www-data',
    entries: await localTree(source),
  });
  assert.match(script, /^chown -hR -- www-data:www-data "\$from"$/m);
  assert.doesNotMatch(script, /(chown|chmod)[^\n]*\$to/);
});
