import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { execa } from 'execa';
import type { MachineConfigInput } from '../configuration/machine-config.ts';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';

test('an encrypted disk is opened with a secret from a file, and with no other', async (t) => {
  const folder = await temporaryFolder(t);
  const { imgPath = 'qemu-img' } = await testQemu();
  const secret = join(folder, 'sec,ret');
  await writeFile(secret, 'correct horse');
  const escaped = secret.replaceAll(',', ',,');
  const make = async (...words: string[]) => {
    const argv = ['create', '-q', '--object', `secret,id=key,file=${escaped}`, ...words, '8M'];
    for (let attempt = 1; ; attempt++) {
      const { exitCode, stderr } = await execa(imgPath, argv, { reject: false });
      if (exitCode === 0) return;
      // It measures how quick the processor is, which the clock of a virtual host at times does not allow.
      if (attempt === 10 || !/accurate CPU usage/.test(stderr)) throw new Error(stderr);
    }
  };
  const luks = join(folder, 'luks');
  await make('-f', 'luks', '-o', 'key-secret=key,iter-time=10', luks);
  const qcow2 = join(folder, 'qcow2');
  await make('-f', 'qcow2', '-o', 'encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10', qcow2);
  const config: MachineConfigInput = {
    secrets: [{ id: 'key', path: secret }],
    drives: [
      { source: luks, format: 'luks', keySecret: 'key' },
      { source: qcow2, keySecret: 'key' },
    ],
  };
  const machine = await testMachine(t, config);
  const blocks = await machine.qmp.execute('query-block');
  assert.deepEqual(
    blocks.map(({ inserted }) => [inserted?.drv, inserted?.encrypted, inserted?.image['virtual-size']]),
    [
      ['luks', true, 8 * 2 ** 20],
      ['qcow2', true, 8 * 2 ** 20],
    ],
  );
  await machine.kill();
  await writeFile(secret, 'wrong horse');
  await assert.rejects(
    testMachine(t, config),
    (error) => hasErrorCode(error, 'qemu-exited') && /[Ii]nvalid password/.test(error.detail ?? ''),
  );
});

test('a device of the host is a disk', async (t) => {
  const source = { kind: 'host-device', path: '/dev/null' } as const; // the one device that every host has
  const machine = await testMachine(t, { drives: [{ source, format: 'raw', interface: 'scsi', readOnly: true }] });
  const nodes = await machine.qmp.execute('query-named-block-nodes', { flat: true });
  assert.deepEqual(nodes.map((node) => [node['node-name'], node.drv, node.ro]).sort(), [
    ['disk0', 'raw', true],
    ['disk0-file', 'host_device', true],
  ]);
});
