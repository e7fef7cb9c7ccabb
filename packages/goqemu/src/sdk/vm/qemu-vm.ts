import type {
  Command,
  CommandStream,
  InteractiveShell,
  ReverseTunnelOptions,
  ShellOptions,
  Tunnel,
  TunnelOptions,
} from '@goqemu/guest';
import type { VmHostOptions } from '@goqemu/vm';
import { findGuestAddress, type GuestAddress } from './address/guest-address.ts';
import { type SshAccess, sshAccess } from './address/ssh-access.ts';
import type { SendCommandOptions, SentCommand, StreamCommandOptions } from './command/command-options.ts';
import { sendCommand, streamCommand } from './command/send-command.ts';
import { DrivenVm, type OperationOptions } from './driven-vm.ts';
import { VmLifecycle } from './lifecycle/vm-lifecycle.ts';
import { checkConfig, checkName, type QemuVMConfig } from './options/vm-config.ts';
import { notMade } from './sdk-errors.ts';
import { createSnapshot, deleteSnapshot, listSnapshots } from './snapshot/keep-snapshots.ts';
import type { Snapshot } from './snapshot/snapshot.ts';
import { type QemuVMStatus, standaloneVm } from './standalone/standalone-status.ts';
import { type DownloadFileOptions, readTransferOptions, type UploadFileOptions } from './transfer/transfer-options.ts';

/**
 * One machine for a script: started, told what to do, taken back to a snapshot, and gone when its block ends.
 *
 * What changes the VM is done one after another. `await using` undoes what the object did: a VM that it started is
 * stopped, one that it found running is left so, one without a name is deleted.
 *
 * @example
 * await using vm = new QemuVM({ memory: '1 GiB' });
 * await vm.start();
 * const { stdout } = await vm.sendCommand('uname -r');
 */
export class QemuVM implements AsyncDisposable {
  readonly #vm: DrivenVm;
  readonly #lifecycle: VmLifecycle;

  /**
   * Only checks the configuration; the first operation makes the VM, or finds the one of this name.
   *
   * @param host for tests and unusual hosts: platform, image store, path of QEMU
   * @throws GoqemuError `option-invalid` naming the option, what was expected and what was got
   */
  constructor(config: QemuVMConfig = {}, host: VmHostOptions = {}) {
    this.#vm = new DrivenVm(checkConfig(config), host);
    this.#lifecycle = new VmLifecycle(this.#vm);
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
   * Boots the VM and resolves when its guest is ready: logged in, cloud-init done.
   *
   * @throws GoqemuError `vm-already-running`; `stage-stalled` naming what the guest was at, with its console's last
   * lines; `timeout`
   */
  start(options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.start(options);
  }

  /**
   * Shuts the guest down; a guest that does not follow is switched off. Commands that are under way are cut short.
   * Does nothing where the VM does not run.
   */
  stop(options: OperationOptions = {}): Promise<void> {
    return this.#lifecycle.stop(options);
  }

  /** What the VM is and does; needs no lock, so that it also tells of one that another process drives. */
  status(options: OperationOptions = {}): Promise<QemuVMStatus> {
    return this.#vm.status(options);
  }

  /**
   * Runs a command in the guest and waits for its end. Any number at once: they share one connection. One that was not
   * sent when the connection broke is sent over the next; an exit code other than 0 is a result, with its `error`.
   *
   * @param command a shell script, or a list of words, which are quoted one by one
   * @throws GoqemuError `vm-not-running`; `connection-lost` when the connection broke while it ran, unless
   * `repeatable`; `command-interrupted` when the VM was stopped or taken back; `timeout`; `command-failed` with `check`
   */
  sendCommand(command: Command, options?: SendCommandOptions): Promise<SentCommand> {
    return sendCommand(this.#vm, command, options);
  }

  /**
   * Runs a command and gives its output as it comes; the guest is held back while nobody takes it, and leaving the
   * loop ends the command.
   *
   * @throws as `sendCommand`, where the output is taken
   * @example
   * for await (const { data } of vm.streamCommand('dmesg -w')) process.stdout.write(data);
   */
  streamCommand(command: Command, options?: StreamCommandOptions): CommandStream {
    return streamCommand(this.#vm, command, options);
  }

  /** A terminal in the guest, for a person: its login shell, or one program. */
  openShell(options: ShellOptions = {}): Promise<InteractiveShell> {
    return this.#vm.use('a terminal', (session) => session.shell(options));
  }

  /** Copies a file or a folder into the guest; each file appears whole or not at all. */
  upload(source: string, destination: string, options?: UploadFileOptions): Promise<void> {
    const read = readTransferOptions('upload', options);
    return this.#vm.use(`upload of ${source}`, (session) => session.upload(source, destination, read));
  }

  /** Copies a file or a folder out of the guest; each file appears whole or not at all. */
  download(source: string, destination: string, options?: DownloadFileOptions): Promise<void> {
    const read = readTransferOptions('download', options);
    return this.#vm.use(`download of ${source}`, (session) => session.download(source, destination, read));
  }

  /** Opens a port of this host's loopback that leads to a port of the guest; it lives until it is disposed of. */
  openTunnel(guestPort: number, options: TunnelOptions = {}): Promise<Tunnel> {
    return this.#vm.use('a tunnel', (session) => session.forward(guestPort, options));
  }

  /** Opens a port in the guest that leads to a port of this host; it lives until it is disposed of. */
  openReverseTunnel(hostPort: number, options: ReverseTunnelOptions = {}): Promise<Tunnel> {
    return this.#vm.use('a reverse tunnel', (session) => session.reverseForward(hostPort, options));
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
   * Makes another VM that goes on from a snapshot of this one, and starts it; memory is shared until one of them writes
   * to it. It is temporary: it goes with its block, or with this process. Its name, identity and ports are its own.
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
   * The VM's IPv4 address, how it was found, and whether this host reaches it there.
   *
   * @throws GoqemuError `address-unknown`, `vm-not-running`
   */
  ip(options: OperationOptions = {}): Promise<GuestAddress> {
    return this.#vm.use('the address', (session, { vm, machine }) =>
      findGuestAddress(vm, machine, session, options.signal),
    );
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
