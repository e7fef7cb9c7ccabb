import { GoqemuError, type OpenOnce } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { BackendCall, BackendRecord } from '@goqemu/lab';
import {
  type AdoptedRecord,
  adoptedGuest,
  endAdopted,
  openAdoptedSession,
  resumeAdopted,
  type StepGuest,
  type Vm,
} from '@goqemu/vm';
import { vmCall } from '../backend/vm-call.ts';
import type { MachinePlace, MachineVerbs, ReadyForCut } from './backend-machine.ts';
import { vmAt } from './vm-at.ts';

/** What is done with a machine that was started outside goqemu: it has no layers, and its disk stays. */
export class ImportedMachineVerbs implements MachineVerbs {
  readonly #vm: Vm;
  readonly #adopted: AdoptedRecord;
  readonly #sessions: OpenOnce<GuestSession>;

  constructor(place: MachinePlace, adopted: AdoptedRecord) {
    this.#vm = vmAt(place);
    this.#adopted = adopted;
    this.#sessions = place.sessions;
  }

  async start(call: BackendCall): Promise<BackendRecord> {
    await resumeAdopted(this.#adopted, vmCall(call));
    return this.record();
  }

  async stop(call: BackendCall): Promise<BackendRecord> {
    await this.#end(call);
    return this.record();
  }

  async suspend(): Promise<BackendRecord> {
    throw this.#noRam();
  }

  async resume(call: BackendCall): Promise<BackendRecord> {
    return this.start(call);
  }

  async delete(call: BackendCall): Promise<void> {
    await this.#end(call);
    call.progress({ kind: 'notice', code: 'imported-disk-kept', message: `its disk stays: ${this.#adopted.disk}` });
  }

  async joinNetworks(): Promise<BackendRecord> {
    const { name } = this.#vm.spec;
    throw new GoqemuError({
      code: 'imported-no-networks',
      source: 'user',
      subject: name,
      message: `${name} was imported: its QEMU has no cards for the networks of a lab`,
      hint: `take networks out of its options, or let goqemu make the machine`,
    });
  }

  async setForwards(): Promise<BackendRecord> {
    const { name } = this.#vm.spec;
    throw new GoqemuError({
      code: 'forward-refused',
      source: 'user',
      subject: name,
      message: `the forwarded ports of ${name} stay as they are: it was imported, and goqemu did not start it`,
      hint: `a tunnel reaches its ports, too: goqemu ssh ${name} -- -L 8080:127.0.0.1:80`,
    });
  }

  async restore(): Promise<BackendRecord> {
    throw this.#noLayers();
  }

  async readyForCut(): Promise<ReadyForCut> {
    throw this.#noLayers();
  }

  async guest(): Promise<StepGuest> {
    const session = await this.#sessions.of(this.#vm.folder.path, () => openAdoptedSession(this.#vm, this.#adopted));
    return adoptedGuest(this.#vm, this.#adopted, session);
  }

  async record(): Promise<BackendRecord> {
    return { adopted: this.#adopted };
  }

  async #end(call: BackendCall): Promise<void> {
    await this.#sessions.close(this.#vm.folder.path);
    await endAdopted(this.#vm, this.#adopted, vmCall(call));
  }

  #noRam(): GoqemuError {
    const { name } = this.#vm.spec;
    return new GoqemuError({
      code: 'suspend-refused',
      source: 'user',
      subject: name,
      message: `the RAM of ${name} cannot be kept: it was imported, and goqemu could not start it again`,
      hint: `shut its guest down: goqemu exec ${name} -- sudo poweroff`,
    });
  }

  #noLayers(): GoqemuError {
    const { name } = this.#vm.spec;
    return new GoqemuError({
      code: 'imported-no-layers',
      source: 'user',
      subject: name,
      message: `${name} was imported: it stands on a disk that is not goqemu's, and has no checkpoints`,
      hint: `name the other machines, or have it made by goqemu: goqemu apply --replace ${name}`,
    });
  }
}
