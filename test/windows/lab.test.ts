/**
 * The main case on Windows: node.exe under Wine runs the installed command, this host's QEMU runs the machine, and what it
 * has open cannot be removed or renamed. On the disk road, as under WHPX, where no checkpoint keeps RAM.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ensureTinyGuest } from '@goqemu/testing';
import { laneFolder, places } from '../../scripts/windows/lane-folder.ts';
import { ended, inChroot, wine } from '../../scripts/windows/wine.ts';

const lab = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'share-modes' }, (lab) => {
  lab
    .vm('web', { image: 'C:/images/tiny.qcow2', user: 'debian', memory: '512 MiB', cpus: 1, disk: '2 GiB', accelerator: 'whpx' })
    .run('greeting', 'echo one > /root/greeting')
    .file('note', '/root/note', 'two\\n')
    .checkpoint('ready');
});
`;

const labFolder = join(places.driveC, 'lab');
const home = join(places.driveC, 'goqemu-home');
const output = join(laneFolder, 'log');
let runs = 0;

interface Result {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

async function node(...args: string[]): Promise<Result> {
  const name = `${String(++runs).padStart(2, '0')}-${(args.find((word) => /^[a-z]+$/.test(word)) ?? 'node').slice(0, 20)}`;
  const environment = {
    GOQEMU_HOME: 'C:\\goqemu-home',
    GOQEMU_TIMEOUT_SCALE: '6',
    NO_COLOR: '1',
  };
  const code = await wine(['C:\\node\\node.exe', ...args], { environment, output, name, cwd: labFolder });
  const read = (stream: string) => readFile(join(output, `${name}.${stream}`), 'utf8');
  return { code, stdout: await read('stdout'), stderr: await read('stderr') };
}

async function goqemu(...args: string[]): Promise<Result> {
  const result = await node('C:\\app\\node_modules\\goqemu\\bin\\goqemu.js', ...args);
  assert.equal(result.code, 0, `goqemu ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result;
}

async function disks(): Promise<string[]> {
  const labs = await readdir(join(home, 'labs'));
  const files = await readdir(join(home, 'labs', labs[0] ?? '', 'web'));
  return files.filter((name) => name.startsWith('disk-')).sort();
}

before(async () => {
  for (const folder of [home, labFolder]) await rm(folder, { recursive: true, force: true });
  for (const folder of [labFolder, home, join(places.driveC, 'images')]) await mkdir(folder, { recursive: true });
  const cacheFolder = fileURLToPath(new URL('../../.cache/tiny-guest', import.meta.url));
  await mkdir(cacheFolder, { recursive: true });
  const { path } = await ensureTinyGuest({ cacheFolder });
  await copyFile(path, join(places.driveC, 'images', 'tiny.qcow2'));
  await writeFile(join(labFolder, 'lab.ts'), lab);
});

after(async () => {
  for (const folder of [home, labFolder]) await rm(folder, { recursive: true, force: true });
});

test('the log says which node.exe and which Wine run', async (t) => {
  const { stdout } = await node('-p', 'process.platform + " " + process.arch + " " + process.version');
  assert.match(stdout, /^win32 x64 v20\./);
  await ended(inChroot(['/usr/lib/wine/wine64', '--version'], { environment: { WINEPREFIX: places.prefix } }));
  t.diagnostic(`node.exe: ${stdout.trim()}`);
});

test('--version, doctor and plan work before there is anything', async () => {
  assert.match((await goqemu('--version')).stdout, /\d+\.\d+\.\d+/);
  assert.match((await node('C:\\app\\node_modules\\goqemu\\bin\\goqemu.js', 'doctor')).stdout, /qemu/i);
  const plan = JSON.parse((await goqemu('plan', '--json')).stdout);
  assert.ok(plan.changes > 0, 'nothing is planned');
});

test('apply makes the machine and cuts after each step, although QEMU has its disks open', async () => {
  await goqemu('apply', '--yes');
  const status = JSON.parse((await goqemu('status', '--json')).stdout);
  assert.deepEqual(
    status.machines.map(({ name, state }: { name: string; state: string }) => [name, state]),
    [['web', 'running']],
  );
  assert.ok((await disks()).length > 1, 'no name was kept: nothing was held');
});

test('exec, and cp both ways', async () => {
  assert.equal((await goqemu('exec', 'web', '--', 'sudo', 'cat', '/root/greeting', '/root/note')).stdout, 'one\ntwo\n');
  await writeFile(join(labFolder, 'sent.txt'), 'there and back\n');
  await goqemu('cp', 'sent.txt', 'web:/tmp/sent.txt');
  await goqemu('cp', 'web:/tmp/sent.txt', 'received.txt');
  assert.equal(await readFile(join(labFolder, 'received.txt'), 'utf8'), 'there and back\n');
});

test('a checkpoint is created, and restored by a boot that brings back what was there', async () => {
  await goqemu('exec', 'web', '--', 'sudo', 'sh', '-c', 'echo three > /root/greeting; sync');
  await goqemu('checkpoint', 'create', 'before the break');
  await goqemu('exec', 'web', '--', 'sudo', 'sh', '-c', 'echo broken > /root/greeting; sync');
  await goqemu('checkpoint', 'restore', 'before the break', '--yes');
  assert.equal((await goqemu('exec', 'web', '--', 'sudo', 'cat', '/root/greeting')).stdout, 'three\n');
});

test('plan has nothing left to do, and destroy leaves no file of the machine', async () => {
  assert.equal(JSON.parse((await goqemu('plan', '--json')).stdout).changes, 0);
  await goqemu('destroy', '--yes');
  assert.deepEqual(await readdir(join(home, 'labs')), []);
  // Its layers stay for another apply (docs/checkpoints.md); each is whole, and has nothing beside it.
  for (const id of await readdir(join(home, 'snapshots'))) {
    if (!/^[0-9a-f]{12}$/.test(id)) continue;
    const files = await readdir(join(home, 'snapshots', id));
    const named = files.filter((name) => !/^disk-[0-9a-f]{8}\.qcow2$/.test(name)).sort();
    assert.deepEqual([files.length, named], [3, ['manifest.json', 'manifest.json.copy']], files.join(' '));
  }
});
