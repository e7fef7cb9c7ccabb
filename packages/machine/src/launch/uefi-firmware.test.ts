import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import { execa } from 'execa';
import { parseMachineConfig } from '../configuration/machine-config.ts';
import { temporaryFolder, testMachine, testQemu } from '../fixture/test-machine.ts';
import { resolveFirmware } from './uefi-firmware.ts';

test('a machine with UEFI has its own variables in qcow2, made from the template', async (t) => {
  const folder = await temporaryFolder(t);
  const installation = await testQemu();
  const path = join(folder, 'variables.qcow2');
  const resolved = await resolveFirmware(
    parseMachineConfig({ firmware: { kind: 'uefi', variables: path } }),
    installation,
    undefined,
  ).catch((error: unknown) => error);
  if (hasErrorCode(resolved, 'firmware-missing')) {
    assert.match(resolved.hint ?? '', /ovmf/); // this host has no UEFI firmware
    return;
  }
  const { stdout } = await execa(installation.imgPath ?? '', ['info', '--output=json', path]);
  assert.equal((JSON.parse(stdout) as { format: string }).format, 'qcow2');
  const machine = await testMachine(t, { firmware: { kind: 'uefi', variables: path }, memory: '128 MiB' });
  const nodes = await machine.qmp.execute('query-named-block-nodes', { flat: true });
  const variables = nodes.find((node) => node['node-name'] === 'firmware-variables');
  assert.deepEqual([variables?.drv, variables?.ro], ['qcow2', false]);
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
