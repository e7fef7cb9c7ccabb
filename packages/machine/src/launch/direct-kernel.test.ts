import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withDeadline } from '@goqemu/core';
import { assemble } from '../accelerators/listing.ts';
import { findQemu } from '../find/find-qemu.ts';
import { temporaryFolder, testMachine } from '../fixture/test-machine.ts';

/** Says OK on the serial port at 0x9000000, and switches off (PSCI SYSTEM_OFF). */
const kernel = assemble(`
06 20 a1 d2   movz x6, #0x900, lsl #16
e7 09 80 d2   movz x7, #0x4f
c7 00 00 b9   str w7, [x6, #0]
67 09 80 d2   movz x7, #0x4b
c7 00 00 b9   str w7, [x6, #0]
00 01 80 d2   movz x0, #0x8
00 80 b0 f2   movk x0, #0x8400, lsl #16
02 00 00 d4   hvc #0
00 00 00 14   b .
`);

test('a kernel is booted directly, and its switching off is the end of the machine', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'ker,nel');
  const initrd = join(folder, 'init,rd');
  const serialLog = join(folder, 'serial');
  await writeFile(path, kernel);
  await writeFile(initrd, 'cpio');
  const installation = await findQemu({ arch: 'arm64' });
  const config = { arch: 'arm64', serialLog, kernel: { path, initrd, commandLine: 'console=ttyAMA0 a="b, c"' } };
  const machine = await testMachine(t, { ...config, startPaused: true }, { installation });
  const ending = machine.wait();
  await machine.qmp.execute('cont');
  const exit = await withDeadline('the kernel to switch off', 20_000, undefined, () => ending);
  assert.deepEqual([exit.cause, exit.reason], ['guest', 'guest-shutdown'], exit.lastWords);
  assert.equal(await readFile(serialLog, 'latin1'), 'OK');
});
