/**
 * Machines on both roads of a Windows host, under its share modes: `web` as under WHPX, whose checkpoints keep the disk,
 * and `ram` as under emulation, whose checkpoints with a name stream its RAM.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { exec, goqemu, home, leftOvers, prepareLab, removeFolders } from './windows-commands.ts';

const lab = `import { defineLab } from 'goqemu';
const machine = { image: 'C:/images/tiny.qcow2', user: 'debian', memory: '256 MiB', cpus: 1, disk: '2 GiB' };
export default defineLab({ name: 'both-roads' }, (lab) => {
  lab
    .vm('web', { ...machine, accelerator: 'whpx' })
    .run('greeting', 'echo one > /root/greeting')
    .checkpoint('ready');
  lab
    .vm('ram', { ...machine, accelerator: 'tcg' })
    .run('word', 'mkdir /run/word && echo kept > /run/word/in-memory')
    .checkpoint('ready');
});
`;

before(() => prepareLab(lab));
after(removeFolders);

test('a checkpoint restores RAM where QEMU can stream it, and boots from the disk where it cannot', async () => {
  await goqemu('apply', '--yes');
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

test('plan has nothing left to do, and destroy and prune leave no file', async () => {
  await goqemu('checkpoint', 'restore', 'ready', '--yes');
  assert.equal(JSON.parse((await goqemu('plan', '--json')).stdout).changes, 0);
  assert.equal(await exec('ram', 'cat /run/word/in-memory'), 'kept\n');
  await goqemu('destroy', '--yes');
  await goqemu('checkpoint', 'prune', '--yes');
  assert.deepEqual(await leftOvers(), []);
});
