import type { OpenOnce } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { BackendCall, BackendRecord, CutLayer } from '@goqemu/lab';
import type { HostNetwork } from '@goqemu/network';
import {
  createVm,
  deleteVm,
  joinRunning,
  ownGuest,
  restoreVm,
  resumeVm,
  type StepGuest,
  setForwards,
  startVm,
  stopVm,
  suspendVm,
  type Vm,
  type VmOrigin,
} from '@goqemu/vm';
import { vmCall } from '../backend/vm-call.ts';
import type { MachinePlace, MachineVerbs, ReadyForCut } from './backend-machine.ts';
import { vmAt } from './vm-at.ts';

/** What is done with a machine of goqemu's own. */
export class OwnMachineVerbs implements MachineVerbs {
  readonly #vm: Vm;
  readonly #sessions: OpenOnce<GuestSession>;

  /** @param network its way into the host's network, for a machine that is to be there */
  constructor(place: MachinePlace, network: HostNetwork | undefined) {
    this.#vm = vmAt(place, network);
    this.#sessions = place.sessions;
  }

  async create(origin: VmOrigin, call: BackendCall): Promise<BackendRecord> {
    await this.#closeSession();
    await createVm(this.#vm, origin, vmCall(call));
    return this.record();
  }

  async start(call: BackendCall): Promise<BackendRecord> {
    const running = await startVm(this.#vm, await this.#session(), vmCall(call));
    await running.close();
    return this.record();
  }

  async stop(call: BackendCall): Promise<BackendRecord> {
    await this.#closeSession();
    await stopVm(this.#vm, vmCall(call));
    return this.record();
  }

  async suspend(call: BackendCall): Promise<BackendRecord> {
    if ((await this.#vm.state()).suspended) return this.record();
    await using running = await this.#vm.machine(call.signal);
    await suspendVm(this.#vm, running, await this.#session(), vmCall(call));
    await this.#closeSession();
    return this.record();
  }

  async resume(call: BackendCall): Promise<BackendRecord> {
    const { machine, suspended } = await this.#vm.state();
    // Called again after a crash it may run already.
    if (machine && !suspended) return this.start(call);
    const running = await resumeVm(this.#vm, await this.#session(), vmCall(call));
    await running.close();
    return this.record();
  }

  async delete(call: BackendCall): Promise<void> {
    await this.#closeSession();
    await deleteVm(this.#vm, vmCall(call));
  }

  async joinNetworks(call: BackendCall): Promise<BackendRecord> {
    await joinRunning(this.#vm, await this.#session(), vmCall(call));
    return this.record();
  }

  async setForwards(call: BackendCall): Promise<BackendRecord> {
    await setForwards(this.#vm, vmCall(call));
    return this.record();
  }

  async restore(layer: string, call: BackendCall): Promise<BackendRecord> {
    await this.#closeSession();
    const running = await restoreVm(this.#vm, layer, await this.#session(), vmCall(call));
    await running.close();
    return this.record();
  }

  async readyForCut(options: CutLayer): Promise<ReadyForCut> {
    const session = await this.#session();
    return { vm: this.#vm, session, options, isRunning: (await this.#vm.state()).machine !== undefined };
  }

  async guest(): Promise<StepGuest> {
    return ownGuest(this.#vm, await this.#session());
  }

  async record(): Promise<BackendRecord> {
    const { accelerator } = (await this.#vm.state()).machine ?? {};
    const { network } = this.#vm.spec;
    return {
      folder: this.#vm.folder.path,
      ...(typeof accelerator === 'string' ? { accelerator } : {}),
      ...(network ? { network } : {}),
    };
  }

  #session(): Promise<GuestSession> {
    return this.#sessions.of(this.#vm.folder.path, () => this.#vm.openSession());
  }

  #closeSession(): Promise<void> {
    return this.#sessions.close(this.#vm.folder.path);
  }
}
