import { join } from 'node:path';
import { GoqemuError, type HostPlatform } from '@goqemu/core';
import {
  type GuestCredentials,
  GuestSession,
  type GuestSessionOptions,
  generateSshKeyPair,
  healKeyFiles,
  readKeyFiles,
  type SshKeyPair,
  writeKeyFiles,
} from '@goqemu/guest';
import { defaultRuntimeFolder, type Machine } from '@goqemu/machine';
import type { Transport } from '@goqemu/protocol';
import { VmFolder } from './vm-folder.ts';
import type { VmHost } from './vm-host.ts';
import type { VmSpec } from './vm-spec.ts';
import { readVmState, type VmState, writeVmState } from './vm-state.ts';

/** Whose machine it is: access keys and layers belong to a lineage. */
export interface VmScope {
  /** 12 lower-case hex digits. */
  readonly lineage: string;
  /** Folder that holds one folder per machine. */
  readonly labFolder: string;
}

/**
 * One machine on this host: its folder, and what lives in it. The verbs (`createVm`, `startVm`, `cutLayer`, …)
 * are functions over it, one file each.
 */
export class Vm {
  readonly spec: VmSpec;
  readonly host: VmHost;
  readonly scope: VmScope;
  readonly folder: VmFolder;

  constructor(host: VmHost, scope: VmScope, spec: VmSpec) {
    this.host = host;
    this.scope = scope;
    // A plan, or a journal, of an earlier version knows no time-outs.
    this.spec = { ...spec, timeouts: (spec as Partial<VmSpec>).timeouts ?? {} };
    this.folder = new VmFolder(join(scope.labFolder, spec.name));
  }

  /** Sockets of a QEMU that boots lie here: the same for the same machine, so that a stray QEMU is found again. */
  get runtimeFolder(): string {
    return runtimeFoldersOf(this.folder.path, this.host.platform)[0];
  }

  /** The second is for the QEMU that takes over while the first still runs; after that they change roles. */
  get runtimeFolders(): readonly [string, string] {
    return runtimeFoldersOf(this.folder.path, this.host.platform);
  }

  /** Says in the debug log how far something has come: what a process that was killed has done is read there. */
  trace(stage: string): void {
    this.host.logger.log('debug', 'vm', stage, { machine: this.spec.name });
  }

  /**
   * @throws GoqemuError `vm-missing`
   */
  async state(): Promise<VmState> {
    const state = await readVmState(this.folder.state);
    if (state) return state;
    throw new GoqemuError({
      code: 'vm-missing',
      source: 'environment',
      subject: this.spec.name,
      message: `machine ${this.spec.name} has no readable ${this.folder.state}`,
      hint: 'goqemu apply makes it again',
    });
  }

  async update(change: Partial<VmState>): Promise<VmState> {
    const merged = { ...(await this.state()), ...change };
    await writeVmState(this.folder.state, merged);
    return merged;
  }

  /**
   * The host key that this machine shows, pinned by every session: made at its first use, or that of the machine which
   * this one was before it was deleted.
   */
  async hostKey(): Promise<SshKeyPair> {
    const present = await this.presentHostKey();
    if (present) {
      await healKeyFiles(this.folder.hostKey, present);
      return present;
    }
    const kept = await this.host.hostKeys.find(this.scope.lineage, this.spec.identity.instanceId);
    const pair = kept ?? (await generateSshKeyPair(`root@${this.spec.name}`));
    await writeKeyFiles(this.folder.hostKey, pair);
    return pair;
  }

  /** Undefined before its first use, and when it is damaged beyond its copy. */
  async presentHostKey(): Promise<SshKeyPair | undefined> {
    const pair = readKeyFiles(this.folder.hostKey);
    return pair === 'damaged' ? undefined : pair;
  }

  /**
   * The machine's QEMU.
   *
   * @throws GoqemuError `vm-stopped`, and what attaching throws
   */
  async machine(signal?: AbortSignal): Promise<Machine> {
    const { machine } = await this.state();
    if (!machine) throw machineStopped(this.spec.name);
    const { logger } = this.host;
    const { attachMachine } = await import('@goqemu/machine'); // most of it, which a command in the guest does not need
    return attachMachine(machine, { logger, ...(signal ? { signal } : {}) });
  }

  /** A session as the machine's user; it connects with its first command. */
  async openSession(options: Pick<GuestSessionOptions, 'reconnectMs'> = {}): Promise<GuestSession> {
    return new GuestSession({
      host: '127.0.0.1',
      port: this.spec.identity.sshPort,
      ...(await this.credentials()),
      logger: this.host.logger,
      channel: (signal) => this.openChannel(signal),
      ...options,
    });
  }

  /**
   * The port at which goqemu's program in the guest waits for commands.
   *
   * @throws GoqemuError `far-end-absent`
   */
  async openChannel(signal: AbortSignal): Promise<Transport> {
    const { openGuestChannel } = await import('../guest/guest-channel.ts');
    return openGuestChannel(this, signal);
  }

  /** How one logs in to its guest. */
  async credentials(): Promise<GuestCredentials> {
    const [access, host] = await Promise.all([this.host.keys.loadOrCreate(this.scope.lineage), this.hostKey()]);
    return { user: this.spec.user, privateKey: access.privateKey, hostKey: host.publicKey };
  }
}

/** Of what needs a machine that runs. */
export function machineStopped(name: string): GoqemuError {
  return new GoqemuError({
    code: 'vm-stopped',
    source: 'user',
    subject: name,
    message: `machine ${name} is not running`,
    hint: `start it with: goqemu start ${name}`,
  });
}

/** Where the sockets of the QEMU of a machine in a folder are, and of the one that takes over from it. */
export function runtimeFoldersOf(folder: string, platform: HostPlatform): readonly [string, string] {
  return [defaultRuntimeFolder(folder, platform), defaultRuntimeFolder(`${folder}#2`, platform)];
}
