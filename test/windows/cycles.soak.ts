/** Machines that are launched, cut and stopped again and again under the share modes of Windows leave no file behind. */
import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { places } from '../../scripts/windows/lane-folder.ts';
import { home, node, prepareLab, removeFolders } from './windows-commands.ts';

const cycles = 200;

/** Beside the installed package, whose SDK it imports. */
const file = join(places.driveC, 'app', 'cycles.mjs');
const script = `import { createVM } from 'goqemu';
const options = { image: 'C:/images/tiny.qcow2', user: 'debian', accelerator: 'whpx', memory: '256 MiB', cpus: 1 };
for (let cycle = 1; cycle <= Number(process.argv[2]); cycle++) {
  const vm = await createVM(options);
  await vm.start();
  await vm.createSnapshot('cut');
  await vm.stop();
  await vm.delete();
  console.log(cycle);
}
`;

before(() => prepareLab(''));

after(async () => {
  await rm(file, { force: true });
  await removeFolders();
});

/** Below goqemu's home, where keys and logs of running machines are, and the folders for temporary files. */
async function allFiles(): Promise<string[]> {
  const profile = join(places.driveC, 'users', 'root', 'AppData', 'Local');
  const folders = [home, join(profile, 'goqemu'), join(profile, 'Temp')];
  const lists = await Promise.all(folders.map((folder) => readdir(folder, { recursive: true }).catch(() => [])));
  return lists.flatMap((list, at) => list.map((name) => join(folders[at] ?? '', name))).sort();
}

async function run(count: number): Promise<void> {
  const { code, stdout, stderr } = await node('C:\\app\\cycles.mjs', String(count));
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim().split(/\r?\n/).at(-1), String(count));
}

test(`${cycles} cycles of launch, cut and stop leave the files that the first one left, and no more`, async () => {
  await writeFile(file, script);
  await run(1); // the image, and what is known of QEMU, stay for the next machine
  const before = await allFiles();
  assert.ok(before.length > 0);
  await run(cycles);
  assert.deepEqual(await allFiles(), before);
});
