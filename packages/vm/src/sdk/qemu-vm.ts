import { type GoqemuError, hasErrorCode, type Logger, silentLogger } from '@goqemu/core';
import {
  assertSucceeded,
  type Command,
  type CommandResult,
  type CommandStream,
  commandText,
  type GuestSession,
  type InteractiveShell,
  type ReverseTunnelOptions,
  type ShellOptions,
  type Tunnel,
  type TunnelOptions,
} from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { stopVm } from '../lifecycle/stop-vm.ts';
import { createVmHost, type VmHostOptions } from '../vm/create-vm-host.ts';
import type { VmCall, VmHost, VmProgress } from '../vm/vm-host.ts';
import { findGuestAddress, type GuestAddress } from './address/guest-address.ts';
import { type SshAccess, sshAccess } from './address/ssh-access.ts';
import type { SendCommandOptions, SentCommand, StreamCommandOptions } from './command/command-options.ts';
import { readCommandOptions } from './command/read-command-options.ts';
import { relayStream } from './command/relay-stream.ts';
import type { HeldVm } from './held-vm.ts';
import { OperationQueue } from './operation-queue.ts';
import { type CheckedConfig, checkConfig, checkName, type QemuVMConfig, type Timeouts } from './options/vm-config.ts';
import { alreadyRunning, interrupted, notMade, notRunning, released } from './sdk-errors.ts';
import { findSnapshot, snapshotsOf } from './snapshot/find-snapshot.ts';
import { restoreSnapshot } from './snapshot/restore-snapshot.ts';
import { checkDescription, describeSnapshot, type Snapshot } from './snapshot/snapshot.ts';
import { takeSnapshot } from './snapshot/take-snapshot.ts';
import { prepareFork, startFork } from './standalone/fork-vm.ts';
import { ensureDisk, holdPresentVm, holdVm, refreshPorts } from './standalone/hold-vm.ts';
import {
  collectSnapshots,
  removeAbandoned,
  removeEmptyFolder,
  removeStandalone,
} from './standalone/remove-standalone.ts';
import { readRecord } from './standalone/standalone-record.ts';
import { type QemuVMStatus, standaloneStatus, standaloneVm } from './standalone/standalone-status.ts';
import { type DownloadFileOptions, readTransferOptions, type UploadFileOptions } from './transfer/transfer-options.ts';

export interface OperationOptions {
  /** Gives the operation up. */
  readonly signal?: AbortSignal;
}

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
  readonly #config: CheckedConfig;
  readonly #host: VmHost;
  readonly #hostOptions: VmHostOptions;
  readonly #operations: OperationQueue;
  readonly #logger: Logger;
  #held: HeldVm | undefined;
  #name: string | undefined;
  #startedHere = false;
  #released = false;

  /**
   * Only checks the configuration; the first operation makes the VM, or finds the one of this name.
   *
   * @param host for tests and unusual hosts: platform, image store, path of QEMU
   * @throws GoqemuError `option-invalid` naming the option, what was expected and what was got
   */
  constructor(config: QemuVMConfig = {}, host: VmHostOptions = {}) {
    this.#config = checkConfig(config);
    this.#name = this.#config.name;
    this.#logger = this.#config.logger ?? host.logger ?? silentLogger;
    this.#hostOptions = host;
    this.#host = createVmHost({ ...host, logger: this.#logger });
    this.#operations = new OperationQueue(this.#logger);
  }

  /**
   * Makes a VM with its disk, or finds the one of this name; it does not start it.
   *
   * @throws GoqemuError `option-invalid`, `vm-in-use`, `vm-differs`, and what images and networks throw
   */
  static async create(config: QemuVMConfig = {}, host: VmHostOptions = {}): Promise<QemuVM> {
    const vm = new QemuVM(config, host);
    await vm.#change('creating', 'create', {}, async (call) => ensureDisk(await vm.#hold(call), call));
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
    await vm.#change('attaching to', 'connect', {}, async (call) => {
      vm.#held = await holdPresentVm(vm.#host, name, vm.#config, call);
    });
    return vm;
  }

  /** Its name; one that was not given is known when the VM has been made. */
  get name(): string {
    return this.#name ?? '(not made yet)';
  }

  /**
   * Boots the VM and resolves when its guest is ready: logged in, cloud-init done.
   *
   * @throws GoqemuError `vm-already-running`; `stage-stalled` naming what the guest was at, with its console's last
   * lines; `timeout`
   */
  async start(options: OperationOptions = {}): Promise<void> {
    await this.#change('starting', 'start', options, async (call) => {
      const held = await this.#hold(call);
      if (held.machine) throw alreadyRunning(this.name);
      await ensureDisk(held, call);
      await refreshPorts(held);
      await held.start(call);
      this.#startedHere = true;
    });
  }

  /**
   * Shuts the guest down; a guest that does not follow is switched off. Commands that are under way are cut short.
   * Does nothing where the VM does not run.
   */
  async stop(options: OperationOptions = {}): Promise<void> {
    await this.#change('stopping', 'stop', options, async (call) => {
      const held = await this.#find(call);
      if (!held?.machine) return;
      await held.disconnect('was stopped');
      await stopVm(held.vm, call);
    });
  }

  /** What the VM is and does; needs no lock, so that it also tells of one that another process drives. */
  async status(options: OperationOptions = {}): Promise<QemuVMStatus> {
    return standaloneStatus(this.#host, this.#name, options);
  }

  /**
   * Runs a command in the guest and waits for its end. Any number at once: they share one connection. One that was not
   * sent when the connection broke is sent over the next; an exit code other than 0 is a result, with its `error`.
   *
   * @param command a shell script, or a list of words, which are quoted one by one
   * @throws GoqemuError `vm-not-running`; `connection-lost` when the connection broke while it ran, unless
   * `repeatable`; `command-interrupted` when the VM was stopped or taken back; `timeout`; `command-failed` with `check`
   */
  async sendCommand(command: Command, options?: SendCommandOptions): Promise<SentCommand> {
    const { options: read, check } = readCommandOptions(command, options, this.#config.timeouts.command);
    const what = `command ${JSON.stringify(options?.label ?? command)}`;
    const result = await this.#use(what, (session) => session.exec(command, read));
    this.#logger.log('info', 'sdk', options?.label ?? 'a command has ended', {
      vm: this.name,
      exitCode: result.exitCode,
      durationMs: result.durationMs,
    });
    const error = failureOf(result, options?.label);
    if (error && check) throw error;
    return error ? { ...result, error } : result;
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
    const { options: read } = readCommandOptions(command, options, Number.POSITIVE_INFINITY);
    const what = `command ${JSON.stringify(options?.label ?? command)}`;
    return relayStream(
      commandText(command),
      this.#use(what, async (session, held) => ({
        stream: session.stream(command, read),
        explain: (error: unknown) => this.#explain(what, error, held, session),
      })),
    );
  }

  /** A terminal in the guest, for a person: its login shell, or one program. */
  openShell(options: ShellOptions = {}): Promise<InteractiveShell> {
    return this.#use('a terminal', (session) => session.shell(options));
  }

  /** Copies a file or a folder into the guest; each file appears whole or not at all. */
  upload(source: string, destination: string, options?: UploadFileOptions): Promise<void> {
    const read = readTransferOptions('upload', options);
    return this.#use(`upload of ${source}`, (session) => session.upload(source, destination, read));
  }

  /** Copies a file or a folder out of the guest; each file appears whole or not at all. */
  download(source: string, destination: string, options?: DownloadFileOptions): Promise<void> {
    const read = readTransferOptions('download', options);
    return this.#use(`download of ${source}`, (session) => session.download(source, destination, read));
  }

  /** Opens a port of this host's loopback that leads to a port of the guest; it lives until it is disposed of. */
  openTunnel(guestPort: number, options: TunnelOptions = {}): Promise<Tunnel> {
    return this.#use('a tunnel', (session) => session.forward(guestPort, options));
  }

  /** Opens a port in the guest that leads to a port of this host; it lives until it is disposed of. */
  openReverseTunnel(hostPort: number, options: ReverseTunnelOptions = {}): Promise<Tunnel> {
    return this.#use('a reverse tunnel', (session) => session.reverseForward(hostPort, options));
  }

  /**
   * Keeps the state of the VM: disk and RAM where it runs, else the disk. It stands still for well under a second.
   *
   * @param description what it is for, at most 200 characters
   */
  async createSnapshot(description: string, options: OperationOptions = {}): Promise<Snapshot> {
    const text = checkDescription(description);
    return this.#change('taking a snapshot of', 'snapshot', options, async (call) => {
      const held = await this.#present(call);
      await ensureDisk(held, call);
      return takeSnapshot(held, text, call);
    });
  }

  /**
   * Takes the VM back to a snapshot and leaves it running; what it did since is gone, unless another snapshot has it.
   * Commands that are under way are cut short.
   *
   * @throws GoqemuError `snapshot-unknown`, `snapshot-of-another-vm`, `layer-damaged`: then nothing has changed
   */
  async restoreSnapshot(id: string, options: OperationOptions = {}): Promise<void> {
    await this.#change('restoring', 'restore', options, async (call) => {
      await restoreSnapshot(await this.#present(call), id, call);
      this.#startedHere = true;
    });
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
    const { timeouts } = this.#config;
    const { logger, onProgress } = this.#config;
    const given = { timeouts, ...(logger ? { logger } : {}), ...(onProgress ? { onProgress } : {}) };
    const fork = new QemuVM(given, this.#hostOptions);
    const prepared = await this.#change('preparing a fork of', 'snapshot', options, async (call) => {
      await removeAbandoned(this.#host, call);
      return prepareFork(await this.#present(call), id, timeouts.connect);
    });
    fork.#held = prepared.held;
    fork.#name = prepared.held.record.name;
    fork.#startedHere = true;
    try {
      await fork.#change('forking', 'restore', options, (call) => startFork(prepared, call));
      return fork;
    } catch (error) {
      await fork[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The snapshots of this VM, oldest first. */
  async listSnapshots(): Promise<readonly Snapshot[]> {
    const vm = await standaloneVm(this.#host, this.#name);
    if (!vm) return [];
    return Promise.all((await snapshotsOf(vm)).map((layer) => describeSnapshot(vm.host.layers, layer)));
  }

  /**
   * Removes a snapshot. What later snapshots or the VM's disk stand on stays, without a name and without RAM, for as
   * long as they do.
   *
   * @throws GoqemuError `snapshot-unknown`, `snapshot-of-another-vm`
   */
  async deleteSnapshot(id: string, options: OperationOptions = {}): Promise<void> {
    await this.#change('deleting a snapshot of', 'snapshot', options, async (call) => {
      const { vm, place } = await this.#present(call);
      const { manifest } = await findSnapshot(vm, id);
      const others = (await snapshotsOf(vm)).map((layer) => layer.manifest.key).filter((key) => key !== manifest.key);
      await collectSnapshots(place, others);
    });
  }

  /**
   * The VM's IPv4 address, how it was found, and whether this host reaches it there.
   *
   * @throws GoqemuError `address-unknown`, `vm-not-running`
   */
  async ip(options: OperationOptions = {}): Promise<GuestAddress> {
    return this.#use('the address', (session, { vm, machine }) =>
      findGuestAddress(vm, machine, session, options.signal),
    );
  }

  /**
   * Where any SSH client of this host reaches the guest, with the key and the host key: it works on every network.
   *
   * @throws GoqemuError `vm-not-made`
   */
  async sshEndpoint(): Promise<SshAccess> {
    const vm = await standaloneVm(this.#host, this.#name);
    if (!vm) throw notMade(this.name);
    return sshAccess(vm);
  }

  /** Lets go of the VM and leaves it as it is: another process may attach to it by its name. */
  async detach(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#operations.stop(released(this.name));
    await this.#held?.release();
  }

  /** Leaves nothing of the VM: process, disk, snapshots, keys. */
  async delete(options: OperationOptions = {}): Promise<void> {
    await this.#change('deleting', 'stop', options, async (call) => {
      const held = await this.#find(call);
      if (held) await this.#remove(held, call);
    });
    this.#released = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#operations.stop(released(this.name));
    const held = this.#held;
    if (!held) return;
    const call = { ...this.#telling(), signal: AbortSignal.timeout(this.#config.timeouts.stop) };
    if (held.record.temporary) return this.#remove(held, call);
    try {
      if (this.#startedHere && held.machine) {
        await held.disconnect('was stopped');
        await stopVm(held.vm, call);
      }
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
    await removeEmptyFolder(this.#host);
  }

  /** This VM, made where it is not there yet. */
  async #hold(call: VmCall): Promise<HeldVm> {
    this.#held ??= await holdVm(this.#host, this.#config, call);
    this.#name = this.#held.record.name;
    return this.#held;
  }

  /** This VM, where it is there. */
  async #find(call: VmCall): Promise<HeldVm | undefined> {
    if (this.#held) return this.#held;
    const isThere = this.#name !== undefined && (await readRecord(this.#host, this.#name)) !== undefined;
    return isThere ? this.#hold(call) : undefined;
  }

  async #present(call: VmCall): Promise<HeldVm> {
    const held = await this.#find(call);
    if (held) return held;
    throw notMade(this.name);
  }

  #change<T>(
    verb: string,
    limit: keyof Timeouts,
    { signal }: OperationOptions,
    work: (call: VmCall) => Promise<T>,
  ): Promise<T> {
    if (this.#released) return Promise.reject(released(this.name));
    const operation = {
      name: this.#name === undefined ? `${verb} a VM` : `${verb} VM "${this.#name}"`,
      timeoutMs: this.#config.timeouts[limit],
      signal,
      holdsCommands: limit !== 'snapshot',
    };
    return this.#operations.run(operation, (inner) => work({ ...this.#telling(), signal: inner }));
  }

  /** What is done in the guest waits for a start or a restore that is under way, and for nothing else. */
  async #use<T>(
    what: string,
    work: (session: GuestSession, held: HeldVm & { readonly machine: Machine }) => Promise<T>,
  ): Promise<T> {
    if (this.#released) throw released(this.name);
    await this.#operations.ready();
    const held = this.#held;
    if (!held || !isRunning(held)) throw await this.#notRunning(what);
    const session = await held.session();
    try {
      return await work(session, held);
    } catch (error) {
      throw await this.#explain(what, error, held, session);
    }
  }

  /** An SSH session ends with the machine that it led to; what matters then is why that ended. */
  async #explain(what: string, error: unknown, held: HeldVm, session: GuestSession): Promise<unknown> {
    if (!hasErrorCode(error, 'session-closed') && !hasErrorCode(error, 'connection-lost')) return error;
    await this.#operations.ready();
    await held.settled();
    return held.isCurrent(session) ? error : interrupted(this.name, what, held.cutShort, error);
  }

  async #notRunning(what: string): Promise<Error> {
    if (this.#released) return released(this.name);
    const { state, reason } = await this.status();
    if (state === 'running' || state === 'paused')
      return notRunning(this.name, what, 'this object has not taken hold of it', `use attachVM('${this.name}')`);
    const why = state === 'absent' ? 'it has not been started' : `it is ${state}${reason ? ` (${reason})` : ''}`;
    return notRunning(this.name, what, why, 'await start() first');
  }

  #telling(): Pick<VmCall, 'onProgress'> {
    return {
      onProgress: (progress: VmProgress) => {
        if (progress.kind === 'notice') this.#logger.log('info', 'sdk', progress.message, { vm: this.name });
        this.#config.onProgress?.(progress);
      },
    };
  }
}

function isRunning(held: HeldVm): held is HeldVm & { readonly machine: Machine } {
  return held.machine !== undefined;
}

function failureOf(result: CommandResult, label: string | undefined): GoqemuError | undefined {
  try {
    assertSucceeded(result, label);
    return undefined;
  } catch (error) {
    if (hasErrorCode(error, 'command-failed')) return error;
    throw error;
  }
}
