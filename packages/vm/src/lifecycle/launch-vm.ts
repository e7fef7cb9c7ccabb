import { readFile, rm } from 'node:fs/promises';
import { type ProcessIdentity, systemErrorCode, writeFileAtomic } from '@goqemu/core';
import {
  type LaunchOptions,
  launchMachine,
  type Machine,
  type MachineConfigInput,
  makeRuntimeFolder,
} from '@goqemu/machine';
import { endPasst, startPasst } from '@goqemu/network';
import type { Vm } from '../vm/vm.ts';
import { networkOf } from '../vm/vm-network.ts';
import { forwardsOf, passtSocket } from './machine-configuration.ts';

/** Starts a machine's QEMU, and before it what its network needs. */
export async function launchVm(vm: Vm, configuration: MachineConfigInput, options: LaunchOptions): Promise<Machine> {
  const passt = await startNetwork(vm, options.signal);
  try {
    return await launchMachine(configuration, options);
  } catch (error) {
    if (passt) await endNetwork(vm);
    throw error;
  }
}

async function startNetwork(vm: Vm, signal: AbortSignal | undefined): Promise<boolean> {
  const network = networkOf(vm.spec);
  if (network.kind !== 'passt') return false;
  const { platform } = vm.host;
  await makeRuntimeFolder(vm.runtimeFolder, platform);
  const passt = await startPasst({
    program: network.program,
    socket: passtSocket(vm),
    log: vm.folder.file('passt.log'),
    forwards: forwardsOf(vm.spec),
    uid: platform.uid,
    ...(signal ? { signal } : {}),
  });
  await writeFileAtomic(vm.folder.file('passt.json'), `${JSON.stringify(passt)}\n`, { mode: 0o600 });
  return true;
}

/** passt ends with its QEMU; one whose QEMU never came to meet it is ended here. */
export async function endNetwork(vm: Vm): Promise<void> {
  const path = vm.folder.file('passt.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return;
  await endPasst(JSON.parse(text) as ProcessIdentity);
  await rm(passtSocket(vm), { force: true });
  await rm(path, { force: true });
}
