import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sleep, withDeadline } from '@goqemu/core';
import { execa } from 'execa';
import { parseMachineConfig } from '../configuration/machine-config.ts';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';
import { resolveFirmware } from './uefi-firmware.ts';

test('a machine with UEFI runs its firmware, with variables of its own in qcow2 that the firmware writes', async (t) => {
  const folder = await temporaryFolder(t);
  const { imgPath = 'qemu-img' } = await testQemu();
  const variables = join(folder, 'vari,ables.qcow2');
  const serialLog = join(folder, 'serial');
  const machine = await testMachine(t, { firmware: { kind: 'uefi', variables }, memory: '128 MiB', serialLog });
  const nodes = await machine.qmp.execute('query-named-block-nodes', { flat: true });
  const node = nodes.find((one) => one['node-name'] === 'firmware-variables');
  assert.deepEqual([node?.drv, node?.ro], ['qcow2', false]);
  await withDeadline('the firmware to look for something to boot', 120_000, undefined, async (signal) => {
    while (!(await readFile(serialLog, 'utf8')).includes('BdsDxe: ')) await sleep(100, signal);
  });
  await machine.quit();
  const { stdout } = await execa(imgPath, ['map', '--output=json', variables]);
  const written = (JSON.parse(stdout) as { data: boolean }[]).filter(({ data }) => data);
  assert.ok(written.length > 0, 'the boot order is among the variables');
  const before = await readFile(variables);
  const again = await testMachine(t, { firmware: { kind: 'uefi', variables }, memory: '128 MiB', startPaused: true });
  await again.quit();
  assert.ok(before.equals(await readFile(variables)), 'variables that are there are kept');
});

test('variables that are there are kept as they are', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'mine');
  await writeFile(path, 'mine');
  const config = parseMachineConfig({ firmware: { kind: 'uefi', code: '/code.fd', variables: path } });
  assert.deepEqual(await resolveFirmware(config, await testQemu(), undefined), {
    kind: 'uefi',
    code: '/code.fd',
    variables: path,
  });
});
