import { join } from 'node:path';
import type { BackendCall, ObservedMachine } from '@goqemu/lab';
import { type AdoptedRecord, observeAdopted, VmFolder } from '@goqemu/vm';
import { vmCall } from '../backend/vm-call.ts';
import type { BackendMachine, MachinePlace, MachineReach, MachineVerbs } from './backend-machine.ts';
import { asObserved } from './shown-process.ts';

/** A machine that was started outside goqemu: its record describes it, and its files are not goqemu's. */
export class ImportedMachine implements BackendMachine {
  readonly #place: MachinePlace;
  readonly #adopted: AdoptedRecord;

  constructor(place: MachinePlace, adopted: AdoptedRecord) {
    this.#place = place;
    this.#adopted = adopted;
  }

  async observe(call: BackendCall): Promise<ObservedMachine> {
    return asObserved(await observeAdopted(this.#adopted, vmCall(call)));
  }

  /** Where its owner has it write; what goqemu has no path of is looked for in the machine's own folder. */
  get logs() {
    const folder = new VmFolder(join(this.#place.labFolder, this.#place.spec.name));
    const { serialLog, stderrLog } = this.#adopted.machine;
    return { console: serialLog ?? folder.serialLog, qemu: stderrLog ?? folder.qemuLog };
  }

  async reach(): Promise<MachineReach> {
    const { ImportedMachineReach } = await import('../backend/reaching.ts');
    return new ImportedMachineReach(this.#place, this.#adopted);
  }

  async verbs(): Promise<MachineVerbs> {
    const { ImportedMachineVerbs } = await import('../backend/acting.ts');
    return new ImportedMachineVerbs(this.#place, this.#adopted);
  }
}
