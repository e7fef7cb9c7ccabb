import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '@goqemu/core';
import { acceleratorReport, chooseAccelerator } from '../accelerators/choose-accelerator.ts';
import { otherPlatform, temporaryFolder, testMachine } from '../fixture/test-machine.ts';
import { architectureOf, architectures } from './architecture.ts';
import { findQemu, installedArchitectures } from './find-qemu.ts';

/** The names of Go, with the machine type that each gets. */
const machineTypes = {
  amd64: /^pc-q35-/,
  '386': /^pc-q35-/,
  arm64: /^virt-/,
  arm: /^virt-/,
  riscv64: /^virt$/,
  ppc64: /^pseries-/,
  ppc64le: /^pseries-/,
  mips: /^malta$/,
  mips64: /^malta$/,
  s390x: /^s390-ccw-virtio-/,
};

for (const [name, machineType] of Object.entries(machineTypes)) {
  test(`a machine of ${name} starts on its own QEMU, with a disk, a card and an agent's port`, async (t) => {
    const disk = join(await temporaryFolder(t), 'disk');
    await writeFile(disk, Buffer.alloc(2 ** 20));
    const installation = await findQemu({ arch: name });
    assert.equal(installation.arch, architectureOf(name));
    const machine = await testMachine(
      t,
      {
        arch: name,
        memory: '256 MiB',
        drives: [{ source: disk, format: 'raw' }],
        networks: [{ kind: 'user' }],
        guestAgent: true,
        startPaused: true, // firmware that finds nothing to boot may end the machine
      },
      { installation },
    );
    assert.equal(await machine.status(), 'prelaunch');
    assert.match(machine.record.machineType, machineType);
    const target = await machine.qmp.execute('query-target');
    assert.equal(target.arch, architectureOf(name));
  });
}

test('every emulator that is here is found by its architecture', async () => {
  assert.deepEqual(await installedArchitectures(hostPlatform()), [...architectures]);
  assert.deepEqual(await installedArchitectures(otherPlatform('darwin')), []);
});

test('a guest that this processor does not run is emulated, and doctor learns why', async () => {
  const foreign = process.arch === 'x64' ? 'riscv64' : 'amd64';
  const installation = await findQemu({ arch: foreign });
  const { accelerator, reason, notices } = await chooseAccelerator('auto', installation);
  assert.equal(accelerator, 'tcg');
  assert.match(
    reason,
    new RegExp(`this processor \\(${process.arch}\\) does not run ${architectureOf(foreign)} guests`),
  );
  assert.match(notices[0] ?? '', /^running under emulation \(tcg\), which is slow; /);
  const report = await acceleratorReport(installation);
  assert.deepEqual(
    report.map((fact) => [fact.usable, fact.reason]),
    [
      [false, reason.replace(/^\w+: /, '')],
      [true, 'emulation runs everywhere'],
    ],
  );
});
