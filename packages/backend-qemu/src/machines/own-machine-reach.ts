import type { GuestCredentials, SshFiles } from '@goqemu/lab';
import type { MachineRecord } from '@goqemu/machine';
import type { Transport } from '@goqemu/protocol';
import { machineStopped, type Vm } from '@goqemu/vm';
import type { MachinePlace, MachineReach } from './backend-machine.ts';
import { writeSshFiles } from './ssh-files.ts';
import { vmAt } from './vm-at.ts';

/** How a machine of goqemu's own is reached. */
export class OwnMachineReach implements MachineReach {
  readonly #vm: Vm;

  constructor(place: MachinePlace) {
    this.#vm = vmAt(place);
  }

  async running(): Promise<MachineRecord> {
    const { machine } = await this.#vm.state();
    if (machine) return machine;
    throw machineStopped(this.#vm.spec.name);
  }

  commands(signal: AbortSignal): Promise<Transport> {
    return this.#vm.openChannel(signal);
  }

  credentials(): Promise<GuestCredentials> {
    return this.#vm.credentials();
  }

  async sshFiles(): Promise<SshFiles> {
    return writeSshFiles(this.#vm, (await this.#vm.hostKey()).publicKey);
  }
}
