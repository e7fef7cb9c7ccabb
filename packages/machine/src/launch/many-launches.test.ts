import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { temporaryFolder, testQemu } from '../fixture/test-machine.ts';
import { attachMachine } from '../machine/attach-machine.ts';
import { hostCommandLines } from '../process/command-line.ts';
import { launchMachine } from './launch-machine.ts';

/** The long form is for `npm run test:soak`. */
const cycles = process.env.GOQEMU_SOAK ? 200 : 20;

test(`${cycles} launches and ends leave no process, socket, descriptor or file`, async (t) => {
  const folder = await temporaryFolder(t);
  const installation = await testQemu();
  const disk = join(folder, 'disk.qcow2');
  await execa(installation.imgPath ?? 'qemu-img', ['create', '-q', '-f', 'qcow2', disk, '8M']);
  const ends = ['quit', 'kill', 'stop', 'attach'] as const;
  const cycle = async (end: (typeof ends)[number]) => {
    const machine = await launchMachine(
      {
        accelerator: 'tcg',
        memory: '32 MiB',
        runtimeFolder: join(folder, 'run', 'm'),
        drives: [{ source: disk }],
        display: { kind: 'vnc' },
        guestAgent: true,
      },
      { installation },
    );
    const timeouts = { 'guest-agent': 0, acpi: 0 };
    if (end === 'attach') {
      await machine.close();
      await (await attachMachine(machine.record)).quit();
    } else if (end === 'stop') await machine.stop({ timeouts });
    else await machine[end]();
    await machine.close();
  };
  const descriptors = async () => (await readdir('/proc/self/fd').catch(() => [])).length;
  await cycle('quit'); // what Node opens once and keeps
  const before = await descriptors();
  for (let index = 1; index < cycles; index++) await cycle(ends[index % ends.length] ?? 'quit');
  assert.deepEqual(await readdir(folder), ['disk.qcow2']);
  assert.deepEqual(await hostCommandLines().containing(folder), []);
  assert.ok((await descriptors()) <= before, `${await descriptors()} descriptors after, ${before} before`);
});
