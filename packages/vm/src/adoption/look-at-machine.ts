import { sep } from 'node:path';
import { GoqemuError, hasErrorCode } from '@goqemu/core';
import { type AttachTarget, attachMachine, hostCommandLines, type Machine } from '@goqemu/machine';
import { type Firmware, type FoundProperties, fromQemuArchitecture } from '@goqemu/spec';
import { type GuestForward, readForwards, usernetMs } from '../vm/forwards.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import type { AdoptedRecord } from './adopted-record.ts';
import { authorize } from './authorize.ts';

/** A machine that was started outside goqemu, as it is. */
export interface FoundVm extends FoundProperties {
  readonly record: AdoptedRecord;
  readonly accelerator: string;
  readonly mac?: string;
  readonly hostname?: string;
  readonly forwards: readonly GuestForward[];
  readonly limits: readonly string[];
}

/** Milliseconds for an agent that may not be there. */
const agentMs = 3000;

/**
 * Inspects a QEMU that was started outside goqemu, over its monitor, and changes nothing; with `authorize` the lab's access
 * key is let into the guest, through its agent.
 *
 * @throws GoqemuError `import-refused`; `import-no-agent` when access is asked for and no agent answers; what attaching
 *   throws
 */
export async function lookAtMachine(
  vm: Vm,
  target: Exclude<AttachTarget, { uuid: string }>,
  options: { readonly authorize: boolean },
  call: VmCall,
): Promise<FoundVm> {
  const signal = call.signal ? { signal: call.signal } : {};
  await using machine = await attachMachine(target, { logger: vm.host.logger, ...signal });
  const status = await machine.status(signal);
  if (status !== 'running' && status !== 'paused')
    throw refused(vm, `its QEMU is in the state "${status}"`, 'let it run');
  // goqemu's own locks are not put among files of others.
  const record = { ...machine.record, runtimeFolder: vm.runtimeFolder };
  const disk = await systemDisk(vm, machine, call);
  const hostname = status === 'running' ? await nameOfGuest(machine, call) : undefined;
  const hostKey = options.authorize ? await authorize(vm, machine, call) : undefined;
  const { arch } = await machine.qmp.execute('query-target', undefined, signal);
  const memory = await machine.qmp.execute('query-memory-size-summary', undefined, signal);
  const cpus = await machine.qmp.execute('query-cpus-fast', undefined, signal);
  const limits = { timeoutMs: usernetMs, ...signal };
  const mac = /macaddr=([0-9a-f:]{17})/i.exec(await machine.humanMonitor('info network', limits))?.[1]?.toLowerCase();
  const forwards = readForwards(await machine.humanMonitor('info usernet', limits));
  return {
    record: { machine: record, disk: disk.file, ...(hostKey === undefined ? {} : { hostKey }) },
    arch: fromQemuArchitecture(arch) ?? arch,
    firmware: await firmwareOf(machine),
    accelerator: record.accelerator,
    memory: memory['base-memory'] + (memory['plugged-memory'] ?? 0),
    cpus: cpus.length,
    disk: disk.size,
    ...(mac === undefined ? {} : { mac }),
    ...(hostname === undefined ? {} : { hostname }),
    forwards,
    limits: limitsOf(forwards, hostname !== undefined, hostKey !== undefined),
  };
}

async function systemDisk(vm: Vm, machine: Machine, call: VmCall): Promise<{ file: string; size: number }> {
  const devices = await machine.blocks.list(call.signal ? { signal: call.signal } : {});
  const medium = devices.find((device) => !device.removable && device.medium && !device.medium.readOnly)?.medium;
  if (!medium) throw refused(vm, 'it has no disk that can be written to', 'goqemu manages machines with a disk');
  const own = [vm.host.folders.labs, vm.host.folders.snapshots].some((folder) => medium.file.includes(folder + sep));
  if (own) throw refused(vm, `its disk ${medium.file} is goqemu's own`, 'it belongs to a lab: apply that one');
  return { file: medium.file, size: medium.size };
}

/** A machine without an agent, or whose agent does not answer, is imported all the same. */
async function nameOfGuest(machine: Machine, call: VmCall): Promise<string | undefined> {
  if (!machine.record.sockets.agent) return undefined;
  const signal = call.signal ? { signal: call.signal } : {};
  try {
    await using agent = await machine.agent({ timeoutMs: agentMs, ...signal });
    return (await agent.execute('guest-get-host-name', undefined, signal))['host-name'];
  } catch (error) {
    call.signal?.throwIfAborted();
    const silent = [
      'qga-not-responding',
      'connect-failed',
      'locked',
      'qga-command-failed',
      'qga-closed',
      'timeout',
    ] as const;
    if (silent.some((code) => hasErrorCode(error, code))) return undefined;
    throw error;
  }
}

/** UEFI comes as a flash drive or as a firmware file of a known name. */
async function firmwareOf(machine: Machine): Promise<Firmware> {
  const words = (await hostCommandLines().of(machine.record.pid)) ?? [];
  return words.some((word) => /pflash|OVMF|AAVMF|QEMU_EFI|edk2/i.test(word)) ? 'uefi' : 'bios';
}

function limitsOf(forwards: FoundVm['forwards'], hasAgent: boolean, authorized: boolean): string[] {
  const limits = [
    'goqemu keeps no layers of it: it has no checkpoints, and a step that changes is not rolled back',
    'once it has ended, goqemu cannot start it as it was: the lab would make a new machine',
  ];
  if (!forwards.some(({ protocol, guest }) => guest === 22 && !protocol))
    limits.push('no port of this host is forwarded to its SSH server: exec, ssh, cp and steps do not work');
  else if (!authorized)
    limits.push(
      hasAgent
        ? "the lab's access key is not let in: exec, ssh, cp and steps do not work until it is imported again with --authorize"
        : "no guest agent answers, so the lab's access key cannot be let in: exec, ssh, cp and steps do not work",
    );
  return limits;
}

function refused(vm: Vm, reason: string, hint: string): GoqemuError {
  return new GoqemuError({
    code: 'import-refused',
    source: 'user',
    subject: vm.spec.name,
    message: `the machine cannot be imported as ${vm.spec.name}: ${reason}`,
    hint,
  });
}
