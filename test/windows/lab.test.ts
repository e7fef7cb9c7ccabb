/**
 * The main case on Windows: node.exe under Wine runs the installed command, this host's QEMU runs the machines, and what it
 * has open cannot be removed or renamed. One machine is on the disk road, as under WHPX, where no checkpoint keeps RAM, the
 * other on the stream road, as under emulation.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ensureTinyGuest } from '@goqemu/testing';
import {
  exec,
  freshFolders,
  goqemu,
  home,
  images,
  labFolder,
  node,
  removeFolders,
  tryGoqemu,
  wineVersion,
} from './windows-commands.ts';

const lab = `import { defineLab } from 'goqemu';
const machine = { image: 'C:/images/tiny.qcow2', user: 'debian', memory: '256 MiB', cpus: 1, disk: '2 GiB' };
export default defineLab({ name: 'share-modes' }, (lab) => {
  lab
    .vm('web', { ...machine, accelerator: 'whpx' })
    .run('greeting', 'echo one > /root/greeting')
    .file('note', '/root/note', 'two\\n')
    .checkpoint('ready');
  lab
    .vm('ram', { ...machine, accelerator: 'tcg' })
    .run('word', 'mkdir /run/word && echo kept > /run/word/in-memory')
    .checkpoint('ready');
});
`;

/** Names of the machine's disks. */
async function disks(machine: string): Promise<string[]> {
  const labs = await readdir(join(home, 'labs'));
  const files = await Promise.all(labs.map((id) => readdir(join(home, 'labs', id, machine)).catch(() => [])));
  return files
    .flat()
    .filter((name) => name.startsWith('disk-'))
    .sort();
}

before(async () => {
  await freshFolders();
  const cacheFolder = fileURLToPath(new URL('../../.cache/tiny-guest', import.meta.url));
  await mkdir(cacheFolder, { recursive: true });
  const { path } = await ensureTinyGuest({ cacheFolder });
  await copyFile(path, join(images, 'tiny.qcow2'));
  await writeFile(join(labFolder, 'lab.ts'), lab);
});

after(removeFolders);

test('the log says which node.exe and which Wine run', async (t) => {
  const { stdout } = await node('-p', 'process.platform + " " + process.arch + " " + process.version');
  assert.match(stdout, /^win32 x64 v20\./);
  const wine = await wineVersion();
  assert.match(wine, /^wine-\d/);
  t.diagnostic(`node.exe: ${stdout.trim()}; ${wine}`);
});

test('--version, help, init, doctor and plan work before there is anything', async () => {
  assert.match((await goqemu('--version')).stdout, /\d+\.\d+\.\d+/);
  assert.match((await goqemu('help', 'checkpoint')).stdout, /checkpoint fork +run copies/);
  await goqemu('init', 'first', '--yes');
  assert.deepEqual(JSON.parse((await goqemu('validate', 'first\\lab.ts', '--json')).stdout).lab, 'first');
  assert.match((await tryGoqemu('doctor')).stdout, /qemu/i);
  assert.ok(JSON.parse((await goqemu('plan', '--json')).stdout).changes > 0, 'nothing is planned');
});

test('apply makes the machines and cuts after each step, although QEMU has their disks open', async () => {
  await goqemu('apply', '--yes');
  const status = JSON.parse((await goqemu('status', '--json')).stdout);
  assert.deepEqual(
    status.machines.map(({ name, state, accelerator }: Record<string, string>) => [name, state, accelerator]).sort(),
    [
      ['ram', 'running', 'tcg'],
      ['web', 'running', 'whpx'],
    ],
  );
  for (const machine of ['ram', 'web'])
    assert.ok((await disks(machine)).length > 1, `no name of ${machine} was kept: nothing was held`);
});

test('exec, cp both ways, and the console of a machine', async () => {
  assert.equal(await exec('web', 'cat /root/greeting /root/note'), 'one\ntwo\n');
  await writeFile(join(labFolder, 'sent.txt'), 'there and back\n');
  await goqemu('cp', 'sent.txt', 'web:/tmp/sent.txt');
  await goqemu('cp', 'web:/tmp/sent.txt', 'received.txt');
  assert.equal(await readFile(join(labFolder, 'received.txt'), 'utf8'), 'there and back\n');
  assert.match((await goqemu('logs', 'web')).stdout, /Linux version/);
});

test('a checkpoint is created, and restored: by a boot on the disk road, with its RAM on the stream road', async () => {
  await exec('web', 'echo three > /root/greeting; sync');
  await exec('ram', 'echo here > /run/word/in-memory');
  await goqemu('checkpoint', 'create', 'before the break');
  await exec('web', 'echo broken > /root/greeting; sync');
  await exec('ram', 'rm -r /run/word');
  await goqemu('checkpoint', 'restore', 'before the break', '--yes');
  assert.equal(await exec('web', 'cat /root/greeting'), 'three\n');
  assert.equal(await exec('ram', 'cat /run/word/in-memory'), 'here\n');
});

test('a fork runs beside the lab from the RAM of a checkpoint, and goes without a trace', async () => {
  await goqemu('checkpoint', 'fork', 'before the break', '--name', 'beside', '--vm', 'ram', '--yes');
  assert.equal(await exec('ram', 'cat /run/word/in-memory', '--stack', 'beside'), 'here\n');
  await goqemu('destroy', '--stack', 'beside', '--yes');
  assert.equal((await readdir(join(home, 'labs'))).length, 1);
  assert.equal(await exec('ram', 'cat /run/word/in-memory'), 'here\n');
});

test('layers are merged and collected beneath machines that have them open', async () => {
  await goqemu('checkpoint', 'flatten', 'before the break', '--yes');
  await goqemu('checkpoint', 'delete', 'before the break', '--yes');
  await goqemu('checkpoint', 'prune', '--yes');
  assert.equal(await exec('web', 'cat /root/greeting'), 'three\n');
});

test('plan has nothing left to do, and destroy leaves no file of the machines', async () => {
  await goqemu('checkpoint', 'restore', 'ready', '--yes');
  assert.equal(JSON.parse((await goqemu('plan', '--json')).stdout).changes, 0);
  assert.equal(await exec('ram', 'cat /run/word/in-memory'), 'kept\n');
  await goqemu('destroy', '--yes');
  assert.deepEqual(await readdir(join(home, 'labs')), []);
  // Its layers stay for another apply (docs/checkpoints.md), until they are collected.
  await goqemu('checkpoint', 'prune', '--yes');
  const left = (await readdir(join(home, 'snapshots'))).filter((name) => /^[0-9a-f]{12}$/.test(name));
  assert.deepEqual(left, []);
});
