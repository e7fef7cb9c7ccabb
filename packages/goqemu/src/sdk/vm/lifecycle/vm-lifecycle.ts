import type { HostPort } from '@goqemu/spec';
import { observeVm, stopVm, type VmCall } from '@goqemu/vm';
import { type AddedForward, readAddedForward } from '../../added-forward.ts';
import type { OperationOptions } from '../../operation-options.ts';
import type { DrivenVm } from '../driven-vm.ts';
import type { HeldVm } from '../held-vm.ts';
import { alreadyRunning, notRunning } from '../sdk-errors.ts';
import { restoreSnapshot } from '../snapshot/restore-snapshot.ts';
import { type PreparedFork, prepareFork, startFork } from '../standalone/fork-vm.ts';
import { ensureDisk, refreshPorts } from '../standalone/hold-vm.ts';
import { addManually, removeManually } from '../standalone/manual-forwards.ts';
import { removeAbandoned, removeEmptyFolders, removeStandalone } from '../standalone/remove-standalone.ts';

/** Starting and ending a VM, and undoing at the end what was done here. */
export class VmLifecycle {
  readonly #vm: DrivenVm;
  #startedHere = false;

  constructor(vm: DrivenVm) {
    this.#vm = vm;
  }

  create(): Promise<void> {
    return this.#vm.change('creating', 'create', {}, async (call) => ensureDisk(await this.#vm.hold(call), call));
  }

  attach(name: string): Promise<void> {
    return this.#vm.change('attaching to', 'connect', {}, (call) => this.#vm.holdPresent(name, call));
  }

  start(options: OperationOptions): Promise<void> {
    return this.#vm.change('starting', 'start', options, async (call) => {
      const held = await this.#vm.hold(call);
      if (held.machine) throw alreadyRunning(this.#vm.title);
      await ensureDisk(held, call);
      await refreshPorts(held);
      await held.start(call);
      this.#startedHere = true;
    });
  }

  restore(id: string, options: OperationOptions): Promise<void> {
    return this.#vm.change('restoring', 'restore', options, async (call) => {
      await restoreSnapshot(await this.#vm.present(call), id, call);
      this.#startedHere = true;
    });
  }

  prepareFork(id: string, options: OperationOptions): Promise<PreparedFork> {
    return this.#vm.change('preparing a fork of', 'snapshot', options, async (call) => {
      await removeAbandoned(this.#vm.host, call);
      return prepareFork(await this.#vm.present(call), id, this.#vm.config.timeouts.connect);
    });
  }

  startFork(prepared: PreparedFork, options: OperationOptions): Promise<void> {
    this.#vm.take(prepared.held);
    this.#startedHere = true;
    return this.#vm.change('forking', 'restore', options, (call) => startFork(prepared, call));
  }

  stop(options: OperationOptions): Promise<void> {
    return this.#vm.change('stopping', 'stop', options, async (call) => {
      const held = await this.#vm.find(call);
      if (held?.machine) await switchOff(held, call);
      else if (held && (await observeVm(held.vm, call)).status === 'suspended') await stopVm(held.vm, call);
    });
  }

  async restart(options: OperationOptions): Promise<void> {
    await this.stop(options);
    await this.start(options);
  }

  suspend(options: OperationOptions): Promise<void> {
    return this.#vm.change('suspending', 'stop', options, async (call) => {
      const held = await this.#vm.present(call);
      if (held.machine) return held.suspend(call);
      if ((await observeVm(held.vm, call)).status === 'suspended') return;
      throw notRunning(this.#vm.title, 'suspend', 'it has no RAM to keep', 'await start() first');
    });
  }

  resume(options: OperationOptions): Promise<void> {
    return this.#vm.change('resuming', 'restore', options, async (call) => {
      const held = await this.#vm.present(call);
      if (held.machine) throw alreadyRunning(this.#vm.title);
      await refreshPorts(held);
      await held.resume(call);
      this.#startedHere = true;
    });
  }

  addForward(forward: AddedForward, options: OperationOptions): Promise<number> {
    const wanted = readAddedForward(forward);
    return this.#vm.change('forwarding a port to', 'connect', options, async (call) =>
      addManually(await this.#vm.present(call), wanted, call),
    );
  }

  removeForward(port: HostPort, options: OperationOptions): Promise<void> {
    return this.#vm.change('forwarding a port to', 'connect', options, async (call) =>
      removeManually(await this.#vm.present(call), port, call),
    );
  }

  async detach(): Promise<void> {
    if (this.#vm.isReleased) return;
    const held = await this.#vm.letGo();
    await held?.release();
  }

  async delete(options: OperationOptions): Promise<void> {
    await this.#vm.change('deleting', 'stop', options, async (call) => {
      const held = await this.#vm.find(call);
      if (held) await this.#remove(held, call);
    });
    this.#vm.release();
  }

  async undo(): Promise<void> {
    if (this.#vm.isReleased) return;
    const held = await this.#vm.letGo();
    if (!held) return;
    const call = { ...this.#vm.telling(), signal: AbortSignal.timeout(this.#vm.config.timeouts.stop) };
    if (held.record.temporary) return this.#remove(held, call);
    try {
      if (this.#startedHere) await switchOff(held, call);
    } finally {
      await held.release();
    }
  }

  async #remove(held: HeldVm, call: VmCall): Promise<void> {
    try {
      await held.disconnect('was deleted');
      await removeStandalone(held.place, held.record, call);
    } finally {
      await held.release();
    }
    await removeEmptyFolders(this.#vm.host);
  }
}

async function switchOff(held: HeldVm, call: VmCall): Promise<void> {
  if (!held.machine) return;
  await held.disconnect('was stopped');
  await stopVm(held.vm, call);
}
