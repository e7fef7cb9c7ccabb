import { probeMachine } from '@goqemu/machine';
import { type CommandWay, readWay } from '../guest/way-record.ts';
import { standingDamage } from '../layers/layer-damage.ts';
import { suspensionDamage } from '../suspension/suspension.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { readKeptVmState } from '../vm/vm-state.ts';

export interface VmObservation {
  readonly status: 'running' | 'paused' | 'stopped' | 'suspended' | 'crashed' | 'unresponsive' | 'absent' | 'damaged';
  readonly reason?: string;
  readonly pid?: number;
  readonly layer?: string;
  /** Something of goqemu's own is damaged, and the next start writes it again: what it is. */
  readonly repair?: string;
  readonly accelerator?: string;
  /** How commands get into its guest, once one has. */
  readonly commands?: CommandWay;
  /** MAC address of the first card, where it is that of another machine whose RAM runs on. */
  readonly mac?: string;
}

/** Its process lives: the host is overloaded, or the process was stopped (SIGSTOP). */
export const unresponsive = 'its QEMU runs, but does not answer';

/** Looks at a machine without changing anything. */
export async function observeVm(vm: Pick<Vm, 'folder'>, call: VmCall): Promise<VmObservation> {
  const kept = readKeptVmState(vm.folder.state);
  const state = kept?.value;
  if (!state) {
    // A disk without its record is a machine all the same: its QEMU may run.
    const reason = kept?.damage ?? ((await vm.folder.disks()).length > 0 ? `${vm.folder.state} is missing` : undefined);
    return reason === undefined ? { status: 'absent' } : { status: 'damaged', reason };
  }
  const layer = { ...(state.layer ? { layer: state.layer } : {}), ...(kept.damage ? { repair: kept.damage } : {}) };
  const damage = standingDamage(vm.folder.file(state.disk));
  if (damage) return { status: 'damaged', reason: damage, ...layer };
  if (!state.machine && state.suspended) {
    const lost = await suspensionDamage(vm.folder, state);
    return { status: 'suspended', ...(lost ? { reason: lost } : {}), ...layer };
  }
  if (!state.machine) return { status: 'stopped', ...layer };
  const record = state.machine;
  const status = await probeMachine(record, call.signal ? { signal: call.signal } : {});
  const mac = state.mac === undefined ? {} : { mac: state.mac };
  const facts = { ...layer, ...mac, pid: record.pid, accelerator: record.accelerator };
  switch (status) {
    case 'running': {
      const commands = readWay(record);
      return { status, ...facts, ...(commands ? { commands } : {}) };
    }
    case 'gone':
      return { status: 'stopped', reason: 'its QEMU has ended', ...layer };
    case 'paused':
    case 'prelaunch':
    case 'suspended':
      return { status: 'paused', ...facts };
    case 'shutdown':
      return { status: 'stopped', reason: 'the guest has shut down', ...layer };
    case 'unresponsive':
      return { status: 'unresponsive', reason: unresponsive, ...facts };
    default:
      return { status: 'crashed', reason: `its QEMU is in the state "${status}"`, ...facts };
  }
}
