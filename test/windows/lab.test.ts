/**
 * The main case on Windows: node.exe under Wine runs the installed command, this host's QEMU runs a machine, and what it
 * has open cannot be removed or renamed. The machine is on the disk road, as under WHPX, where no checkpoint keeps RAM.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  exec,
  goqemu,
  home,
  labFolder,
  leftOvers,
  node,
  prepareLab,
  removeFolders,
  tryGoqemu,
  wineVersion,
} from './windows-commands.ts';

const lab = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'share-modes' }, (lab) => {
  lab
    .vm('web', {
      image: 'C:/images/tiny.qcow2', user: 'debian', accelerator: 'whpx', memory: '256 MiB', cpus: 1, disk: '2 GiB',
    })
    .run('greeting', 'echo one > /root/greeting')
    .file('note', '/root/note', 'two\\n')
    .checkpoint('ready');
});
`;

before(() => prepareLab(lab));
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

test('apply makes the machine and cuts after each step, although QEMU has its disk open', async () => {
  await goqemu('apply', '--yes');
  const status = JSON.parse((await goqemu('status', '--json')).stdout);
  assert.deepEqual(
    status.machines.map(({ name, state, accelerator }: Record<string, string>) => [name, state, accelerator]),
    [['web', 'running', 'whpx']],
  );
  const [id = ''] = await readdir(join(home, 'labs'));
  const disks = (await readdir(join(home, 'labs', id, 'web'))).filter((name) => name.startsWith('disk-'));
  assert.ok(disks.length > 1, 'no name was kept: nothing was held');
});

test('exec, cp both ways, and the console of a machine', async () => {
  assert.equal(await exec('web', 'cat /root/greeting /root/note'), 'one\ntwo\n');
  await writeFile(join(labFolder, 'sent.txt'), 'there and back\n');
  await goqemu('cp', 'sent.txt', 'web:/tmp/sent.txt');
  await goqemu('cp', 'web:/tmp/sent.txt', 'received.txt');
  assert.equal(await readFile(join(labFolder, 'received.txt'), 'utf8'), 'there and back\n');
  assert.match((await goqemu('logs', 'web')).stdout, /Linux version/);
});

test('a checkpoint is created, and restored by a boot', async () => {
  await exec('web', 'echo three > /root/greeting; sync');
  await goqemu('checkpoint', 'create', 'before the break');
  await exec('web', 'echo broken > /root/greeting; sync');
  await goqemu('checkpoint', 'restore', 'before the break', '--yes');
  assert.equal(await exec('web', 'cat /root/greeting'), 'three\n');
});

test('destroy leaves no file of the machine, and prune none of its layers', async () => {
  await goqemu('destroy', '--yes');
  assert.deepEqual(await readdir(join(home, 'labs')), []);
  // Its layers stay for another apply (docs/checkpoints.md), until they are collected.
  await goqemu('checkpoint', 'prune', '--yes');
  assert.deepEqual(await leftOvers(), []);
});
