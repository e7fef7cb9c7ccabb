import { join } from 'node:path';
import type { BackendCall, BackendRecord, ObservedMachine } from '@goqemu/lab';
import { observeVm, VmFolder } from '@goqemu/vm';
import { vmCall } from '../backend/vm-call.ts';
import type { BackendMachine, MachinePlace, MachineReach, MachineVerbs } from './backend-machine.ts';
import { asObserved } from './shown-process.ts';

/** A machine that goqemu made: its folder tells of it. */
export class OwnMachine implements BackendMachine {
  readonly #place: MachinePlace;
  readonly #record: BackendRecord;
  readonly #folder: VmFolder;

  constructor(place: MachinePlace, record: BackendRecord) {
    this.#place = place;
    this.#record = record;
    this.#folder = new VmFolder(join(place.labFolder, place.spec.name));
  }

  async observe(call: BackendCall): Promise<ObservedMachine> {
    const observed = asObserved(await observeVm({ folder: this.#folder }, vmCall(call)));
    if (this.#place.spec.network !== 'host' || observed.status !== 'running') return observed;
    const { onHostNetwork } = await import('../backend/reaching.ts');
    return { ...observed, ...(await onHostNetwork(this.#place, this.#record)) };
  }

  get logs() {
    return { console: this.#folder.serialLog, qemu: this.#folder.qemuLog };
  }

  async reach(): Promise<MachineReach> {
    const { OwnMachineReach } = await import('../backend/reaching.ts');
    return new OwnMachineReach(this.#place);
  }

  async verbs(): Promise<MachineVerbs> {
    const { OwnMachineVerbs, hostNetworkOf } = await import('../backend/acting.ts');
    return new OwnMachineVerbs(this.#place, await hostNetworkOf(this.#place, this.#record));
  }
}
