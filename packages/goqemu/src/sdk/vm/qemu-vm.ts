import { hostPlatform } from '@goqemu/core';
import type {
  Command,
  CommandStream,
  InteractiveShell,
  ReverseTunnelOptions,
  ShellOptions,
  Tunnel,
  TunnelOptions,
} from '@goqemu/guest';
import { type HostPort, hostArchitecture } from '@goqemu/spec';
import type { VmHostOptions } from '@goqemu/vm';
import type { AddedForward } from '../added-forward.ts';
import type { StreamOptions } from '../guest/command-options.ts';
import { SessionGuest } from '../guest/session-guest.ts';
import type { OperationOptions } from '../operation-options.ts';
import { type SshAccess, sshAccess } from './address/ssh-access.ts';
import { DrivenVm } from './driven-vm.ts';
import { VmLifecycle } from './lifecycle/vm-lifecycle.ts';
import { checkName } from './options/check-name.ts';
import { checkConfig, type QemuVMConfig } from './options/vm-config.ts';
import { notMade } from './sdk-errors.ts';
import { createSnapshot, deleteSnapshot, listSnapshots } from './snapshot/keep-snapshots.ts';
import type { Snapshot } from './snapshot/snapshot.ts';
import { type QemuVMStatus, standaloneVm } from './standalone/standalone-status.ts';
import { vmAccess } from './vm-access.ts';

/**
 * One machine for a script: started, given commands, restored to a snapshot, and removed when its block ends.
 *
 * What changes the VM is done one after another. `await using` undoes what the object did: a VM that it started is
 * stopped, one that it found running is left so, one without a name is deleted.
 *
 * @example
 * await using vm = new QemuVM({ memory: '1 GiB' });
 * await vm.start();
 * const { stdout } = await vm.exec('uname -r');
 */
export class QemuVM extends SessionGuest implements AsyncDisposable {
  readonly #vm: DrivenVm;
  readonly #lifecycle: VmLifecycle;

  /**
   * Only checks the configuration; the first operation makes the VM, or finds the one of this name.
   *
   * @param host for tests and unusual hosts: platform, image store, path of QEMU
   * @throws GoqemuError `option-invalid` naming the option, what was expected and what was got
   */
  constructor(config: QemuVMConfig = {}, host: VmHostOptions = {}) {
    const vm = new DrivenVm(checkConfig(config, hostArchitecture((host.platform ?? hostPlatform()).arch)), host);
    super(vmAccess(vm));
    this.#vm = vm;
    this.#lifecycle = new VmLifecycle(vm);
  }

  /**
   * Makes a VM with its disk, or finds the one of this name; it does not start it.
   *
   * @throws GoqemuError `option-invalid`, `vm-in-use`, `vm-differs`, and what images and networks throw
   */
  static async create(config: QemuVMConfig = {}, host: VmHostOptions = {}): Promise<QemuVM> {
    const vm = new QemuVM(config, host);
    await vm.#lifecycle.create();
    return vm;
  }

  /**
   * Finds a VM by its name, and connects to it where it runs: it may have been started by another process.
   *
   * @throws GoqemuError `vm-unknown` naming those that there are, `vm-in-use`
   */
  static async attach(
    name: string,
    options: Pick<QemuVMConfig, 'timeouts' | 'logger' | 'onProgress'> = {},
    host: VmHostOptions = {},
  ): Promise<QemuVM> {
    const vm = new QemuVM({ ...options, name: checkName(name) }, host);
    await vm.#lifecycle.attach(name);
    return vm;
  }

  /** Its name; one that was not given is known when the VM has been made. */
  get name(): string {
    return this.#vm.title;
  }

  /**
   * Boots the VM and resolves when its guest is ready: logged in, cloud-init done. One that is suspended resumes instead,
   * where its RAM can be used.
   *
   * @throws GoqemuError `vm-already-running`; `stage-stalled` naming what the guest was at, with its console's last
   * lines; `timeout`
   */
  start(options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.start(options);
  }

  /**
   * Shuts the guest down; a guest that does not follow is switched off. Commands that are under way are cut short.
   * Does nothing where the VM does not run, but that the RAM of a suspended one is dropped.
   */
  stop(options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.stop(options);
  }

  /** Shuts the guest down and boots it again; a VM that does not run is started. */
  restart(options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.restart(options);
  }

  /**
   * Keeps the RAM of the VM on the disk, where it outlives a reboot of the host, and ends its QEMU: what runs in the guest
   * continues with `resume`, or with `start`. Commands that are under way are cut short.
   *
   * @throws GoqemuError `vm-not-running`; `suspend-refused` where RAM cannot be kept, such as with `snapshots: 'memory'`;
   * `no-room`: then it runs on
   */
  suspend(options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.suspend(options);
  }

  /**
   * Takes a suspended VM on from its RAM, which is gone afterwards; never boots.
   *
   * @throws GoqemuError `ram-lost` where the RAM is lost or no longer fits: `start` boots the disk then; `vm-not-made`
   */
  resume(options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.resume(options);
  }

  /**
   * Forwards a port of 127.0.0.1 to a port of the guest, without a restart and beside those of `forward`. It stays until
   * {@link QemuVM.removeForward}, or until the VM is deleted; a fork does not have it.
   *
   * @returns the port of 127.0.0.1
   * @throws GoqemuError `port-taken`, `option-invalid`, `vm-not-made`; `forward-refused` for a VM that runs with passt
   * @example
   * const port = await vm.addForward({ guest: 80 });
   */
  addForward(forward: AddedForward, options: OperationOptions = {}): Promise<number> {
    return this.#lifecycle.addForward(forward, options);
  }

  /**
   * Takes a forward away that was added with {@link QemuVM.addForward}; connections that were made through it stay.
   *
   * @param port of 127.0.0.1, as `udp:5353` by UDP
   * @throws GoqemuError `forward-missing`, `vm-not-made`; `forward-refused` for a VM that runs with passt
   */
  removeForward(port: HostPort, options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.removeForward(port, options);
  }

  /** What the VM is and does; needs no lock, so that it also tells of one that another process drives. */
  status(options: OperationOptions = {}): Promise<QemuVMStatus> {
    return this.#vm.status(options);
  }

  /** Alias of {@link QemuVM.stream}. */
  streamCommand(command: Command, options?: StreamOptions): CommandStream {
    return this.stream(command, options);
  }

  /** Alias of {@link QemuVM.shell}. */
  openShell(options?: ShellOptions): Promise<InteractiveShell> {
    return this.shell(options);
  }

  /** Alias of {@link QemuVM.tunnel}. */
  openTunnel(guestPort: number, options?: TunnelOptions): Promise<Tunnel> {
    return this.tunnel(guestPort, options);
  }

  /** Alias of {@link QemuVM.reverseTunnel}. */
  openReverseTunnel(hostPort: number, options?: ReverseTunnelOptions): Promise<Tunnel> {
    return this.reverseTunnel(hostPort, options);
  }

  /**
   * Keeps the state of the VM: disk and RAM where it runs, else the disk. It stands still for well under a second.
   *
   * @param description what it is for, at most 200 characters
   */
  createSnapshot(description: string, options: OperationOptions = {}): Promise<Snapshot> {
    return createSnapshot(this.#vm, description, options);
  }

  /**
   * Takes the VM back to a snapshot and leaves it running; what it did since is gone, unless another snapshot has it.
   * Commands that are under way are cut short.
   *
   * @throws GoqemuError `snapshot-unknown`, `snapshot-of-another-vm`, `layer-damaged`: then nothing has changed
   */
  restoreSnapshot(id: string, options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.restore(id, options);
  }

  /**
   * Makes another VM that continues from a snapshot of this one, and starts it; memory is shared until one of them
   * writes to it. It is temporary, removed at the end of its block or of this process. Its name, identity and
   * ports are its own.
   *
   * @throws GoqemuError `snapshot-unknown`, `snapshot-of-another-vm`, `layer-damaged`, `no-memory`, and what `start`
   * throws: then nothing of it stays
   * @example
   * await using fork = await vm.fork(snapshot.id);
   */
  async fork(id: string, options: OperationOptions = {}): Promise<QemuVM> {
    const { timeouts, logger, onProgress } = this.#vm.config;
    const given = { timeouts, ...(logger ? { logger } : {}), ...(onProgress ? { onProgress } : {}) };
    const fork = new QemuVM(given, this.#vm.hostOptions);
    const prepared = await this.#lifecycle.prepareFork(id, options);
    try {
      await fork.#lifecycle.startFork(prepared, options);
      return fork;
    } catch (error) {
      await fork[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The snapshots of this VM, oldest first. */
  listSnapshots(): Promise<readonly Snapshot[]> {
    return listSnapshots(this.#vm);
  }

  /**
   * Removes a snapshot. What later snapshots or the VM's disk stand on stays, without a name and without RAM, for as
   * long as they do.
   *
   * @throws GoqemuError `snapshot-unknown`, `snapshot-of-another-vm`
   */
  deleteSnapshot(id: string, options: OperationOptions = {}): Promise<void> {
    return deleteSnapshot(this.#vm, id, options);
  }

  /**
   * Where any SSH client of this host reaches the guest, with the key and the host key: it works on every network.
   *
   * @throws GoqemuError `vm-not-made`
   */
  async sshEndpoint(): Promise<SshAccess> {
    const vm = await standaloneVm(this.#vm.host, this.#vm.name);
    if (!vm) throw notMade(this.name);
    return sshAccess(vm);
  }

  /** Lets go of the VM and leaves it as it is: another process may attach to it by its name. */
  detach(): Promise<void> {
    return this.#lifecycle.detach();
  }

  /** Leaves nothing of the VM: process, disk, snapshots, keys. */
  delete(options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.delete(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lifecycle.undo();
  }
}
