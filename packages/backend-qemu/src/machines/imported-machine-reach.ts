import { GoqemuError } from '@goqemu/core';
import type { GuestCredentials, SshFiles } from '@goqemu/lab';
import type { MachineRecord } from '@goqemu/machine';
import { type AdoptedRecord, adoptedCredentials, type Vm } from '@goqemu/vm';
import type { MachinePlace, MachineReach } from './backend-machine.ts';
import { writeSshFiles } from './ssh-files.ts';
import { vmAt } from './vm-at.ts';

/** How a machine is reached that was started outside goqemu. */
export class ImportedMachineReach implements MachineReach {
  readonly #vm: Vm;
  readonly #adopted: AdoptedRecord;

  constructor(place: MachinePlace, adopted: AdoptedRecord) {
    this.#vm = vmAt(place);
    this.#adopted = adopted;
  }

  async running(): Promise<MachineRecord> {
    return this.#adopted.machine;
  }

  async commands(): Promise<never> {
    const { name } = this.#vm.spec;
    throw new GoqemuError({
      code: 'far-end-absent',
      source: 'environment',
      subject: name,
      message: `there is no channel for commands into ${name}: it was imported`,
      hint: 'commands go by SSH then',
    });
  }

  credentials(): Promise<GuestCredentials> {
    return adoptedCredentials(this.#vm, this.#adopted);
  }

  async sshFiles(): Promise<SshFiles> {
    return writeSshFiles(this.#vm, this.#adopted.hostKey ?? (await this.#vm.hostKey()).publicKey);
  }
}
