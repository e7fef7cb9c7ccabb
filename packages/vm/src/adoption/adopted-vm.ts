import { GoqemuError, hasErrorCode } from '@goqemu/core';
import { type GuestCredentials, GuestSession } from '@goqemu/guest';
import { attachMachine, type Machine, removeRuntimeFiles } from '@goqemu/machine';
import { stopLimits } from '../lifecycle/time-limits.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import type { AdoptedRecord } from './adopted-record.ts';

// The verbs of a machine that was started outside goqemu: what it is made of is known from its record alone.

/** Takes it on when it is paused. */
export async function resumeAdopted(record: AdoptedRecord, call: VmCall): Promise<void> {
  await using machine = await attach(record, call);
  if ((await machine.status()) === 'paused') await machine.resume();
}

/** Shuts the guest down by the ladder, and removes what goqemu has of it; its files stay where they are. */
export async function endAdopted(vm: Vm, record: AdoptedRecord, call: VmCall): Promise<void> {
  try {
    await using machine = await attach(record, call);
    await machine.stop({
      timeouts: stopLimits(vm.host, vm.spec.timeouts),
      ...(call.signal ? { signal: call.signal } : {}),
    });
  } catch (error) {
    if (!hasErrorCode(error, 'machine-gone')) throw error;
  }
  await removeRuntimeFiles(vm.runtimeFolder);
}

/** @throws GoqemuError `import-no-access` when the lab's key was not let in */
export async function openAdoptedSession(vm: Vm, record: AdoptedRecord): Promise<GuestSession> {
  const { logger } = vm.host;
  const port = vm.spec.identity.sshPort;
  return new GuestSession({ host: '127.0.0.1', port, ...(await adoptedCredentials(vm, record)), logger });
}

/** @throws GoqemuError `import-no-access` */
export async function adoptedCredentials(vm: Vm, { hostKey, machine }: AdoptedRecord): Promise<GuestCredentials> {
  if (hostKey === undefined) {
    throw new GoqemuError({
      code: 'import-no-access',
      source: 'user',
      subject: vm.spec.name,
      message: `${vm.spec.name} was imported without access: the lab's key is not let in`,
      hint: `let it in: goqemu import ${vm.spec.name} --pid ${machine.pid} --authorize`,
    });
  }
  const { privateKey } = await vm.host.keys.loadOrCreate(vm.scope.lineage);
  return { user: vm.spec.user, privateKey, hostKey };
}

function attach({ machine }: AdoptedRecord, call: VmCall): Promise<Machine> {
  return attachMachine(machine, call.signal ? { signal: call.signal } : {});
}
