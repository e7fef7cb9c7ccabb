import { randomBytes } from 'node:crypto';
import { link, open, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorMessage, GoqemuError } from '@goqemu/core';
import { captureRam, continueOnOverlay, createOverlay, diskFile, type Machine, type RamCapture } from '@goqemu/machine';
import type { LayerFile, LayerManifest } from '../layers/layer-manifest.ts';
import { type Layer, layerId } from '../layers/layer-store.ts';
import { ramLimit } from '../ram/checkpoint-road.ts';
import { checkDisk } from '../ram/host-room.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import type { VmState } from '../vm/vm-state.ts';
import { deviceDigest, diskId, machineConfiguration } from './machine-configuration.ts';
import { qemuImg } from './qemu-img.ts';

export interface CutOptions {
  /** 64 lower-case hex digits. */
  readonly key: string;
  readonly parent?: string;
  readonly ram: boolean;
  readonly supersedes?: string;
  /** Where the RAM is kept: `memory` is quicker on slow disks, and gone when the host is; `disk` unless given. */
  readonly store?: 'disk' | 'memory';
  readonly descriptions: readonly string[];
}

/**
 * One machine's part of a cut, in strokes: everything that can be done while the guest runs is done before it stops or
 * after it goes on.
 *
 * Order is what makes a crash harmless: the disk gets its second name in the layer's folder first; the machine's folder
 * names the new overlay, which is right whether or not QEMU has moved there, before QEMU does; the manifest, which
 * makes it a layer, is written last.
 */
export class LayerCut implements AsyncDisposable {
  readonly vm: Vm;
  readonly machine: Machine | undefined;
  readonly #options: CutOptions;
  readonly #call: VmCall;
  readonly #state: VmState;
  readonly #folder: string;
  readonly #ramFolder: string;
  readonly #names: { readonly disk: string; readonly ram: string; readonly state: string };
  readonly #overlay: string;
  readonly #capture: RamCapture | undefined;
  #wasRunning = false;
  #moved = false;
  #stoppedAt = 0;
  #pauseMs = 0;
  #finished = false;

  /** Leaves the guest alone, but makes everything ready; `await using` removes what an unfinished cut leaves. */
  static async begin(vm: Vm, machine: Machine | undefined, options: CutOptions, call: VmCall): Promise<LayerCut> {
    const state = await settled(vm, machine, call);
    const folder = await vm.host.layers.prepare(options.key);
    await writeFile(join(folder, `cutting-${process.pid}`), '');
    const tag = randomBytes(4).toString('hex');
    const names = { disk: `disk-${tag}.qcow2`, ram: `ram-${tag}`, state: `state-${tag}` };
    const overlay = await vm.folder.nextDisk();
    const ramFolder = options.store === 'memory' ? await memoryFolder(vm, options.key) : folder;
    const capture = machine && options.ram ? await ramCapture(vm, machine, state, ramFolder, names, call) : undefined;
    const cut = new LayerCut(vm, machine, options, call, { state, folder, ramFolder, names, overlay, capture });
    try {
      await cut.#prepare();
      return cut;
    } catch (error) {
      await cut[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(
    vm: Vm,
    machine: Machine | undefined,
    options: CutOptions,
    call: VmCall,
    parts: {
      state: VmState;
      folder: string;
      ramFolder: string;
      names: { readonly disk: string; readonly ram: string; readonly state: string };
      overlay: string;
      capture: RamCapture | undefined;
    },
  ) {
    this.vm = vm;
    this.machine = machine;
    this.#options = options;
    this.#call = call;
    this.#state = parts.state;
    this.#folder = parts.folder;
    this.#ramFolder = parts.ramFolder;
    this.#names = parts.names;
    this.#overlay = parts.overlay;
    this.#capture = parts.capture;
  }

  /** Milliseconds that the guest stood still; 0 for a machine that was not running. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  async #prepare(): Promise<void> {
    await checkDisk(this.vm.host, this.vm.spec.name, this.#ramFolder, this.#capture?.bytes ?? 0);
    await link(this.vm.folder.file(this.#state.disk), join(this.#folder, this.#names.disk));
    await createOverlay(this.vm.folder.file(this.#overlay), {
      qemuImg: await qemuImg(this.vm, this.#call.signal),
      backing: join(this.#folder, this.#names.disk),
      ...(this.#call.signal ? { signal: this.#call.signal } : {}),
    });
    this.vm.trace('cut: the disk has its second name, and an overlay');
    await this.#capture?.prepare();
    this.vm.trace('cut: prepared');
  }

  /** Stops the guest, if it runs. */
  async stop(): Promise<void> {
    if (!this.machine) return;
    this.#wasRunning = (await this.machine.status()) === 'running';
    this.#stoppedAt = performance.now();
    if (this.#wasRunning) await this.machine.pause();
    this.vm.trace('cut: the guest stands still');
  }

  /** Moves the disk to its overlay, and takes RAM and devices. */
  async take(): Promise<void> {
    await this.vm.update({ disk: this.#overlay });
    this.vm.trace('cut: the folder names the overlay');
    if (this.machine) {
      const nodeName = `${diskId}-${this.#overlay.slice(5, -6)}`;
      const overlay = { path: this.vm.folder.file(this.#overlay), nodeName };
      try {
        await continueOnOverlay(this.machine.qmp, diskId, overlay, this.#call.signal);
      } catch (error) {
        await this.#undo();
        throw error;
      }
    }
    this.#moved = true;
    this.vm.trace('cut: the disk has moved');
    await this.#capture?.take();
    this.vm.trace('cut: RAM and devices are taken');
  }

  /** QEMU refused and is where it was; one that has ended may have moved, and then the overlay is right. */
  async #undo(): Promise<void> {
    if (
      this.machine &&
      (await diskFile(this.machine.qmp, diskId).catch(() => undefined)) === this.vm.folder.file(this.#state.disk)
    )
      await this.vm.update({ disk: this.#state.disk });
    else this.#moved = true;
  }

  /** Takes the guest on; never left out, whatever went wrong. */
  async goOn(): Promise<void> {
    if (!this.machine || this.#stoppedAt === 0) return;
    if (this.#wasRunning) await this.machine.resume();
    this.#pauseMs = performance.now() - this.#stoppedAt;
    this.#stoppedAt = 0;
    this.vm.trace('cut: the guest runs');
  }

  /** Makes the files durable and the layer one. */
  async finish(group?: string): Promise<Layer> {
    await this.#capture?.finish();
    if (this.#capture)
      for (const name of [this.#names.ram, this.#names.state]) await makeDurable(join(this.#ramFolder, name));
    this.vm.trace('cut: the files are durable');
    await this.vm.update({ layer: this.#options.key });
    this.vm.trace('cut: the folder names the layer');
    const layer = await this.vm.host.layers.write(await this.#manifest(group));
    this.#finished = true;
    this.vm.trace('cut: the manifest is written');
    await unlink(this.vm.folder.file(this.#state.disk));
    return layer;
  }

  /** Gives up what the new layer makes superfluous; only when all of the cut is a layer. */
  supersede(): Promise<void> {
    return supersede(this.vm, this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#finished) {
      const { ram, state } = this.#names;
      for (const name of [ram, state, `${state}.devices`]) await rm(join(this.#ramFolder, name), { force: true });
      if (!this.#moved) {
        await rm(this.vm.folder.file(this.#overlay), { force: true });
        await rm(this.#path(this.#names.disk), { force: true });
      }
    }
    await rm(this.#path(`cutting-${process.pid}`), { force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  async #sealed(name: string): Promise<LayerFile> {
    const { size, mtimeMs } = await stat(join(this.#ramFolder, name));
    const store = this.#ramFolder === this.#folder ? {} : { store: 'memory' as const };
    return { name, size, modified: mtimeMs, ...store };
  }

  async #manifest(group: string | undefined): Promise<LayerManifest> {
    const { vm } = this;
    const { machine: record, agent } = this.#state;
    const text = (name: string) => (typeof record?.[name] === 'string' ? record[name] : 'none');
    return {
      version: 1,
      id: layerId(this.#options.key),
      key: this.#options.key,
      descriptions: [...this.#options.descriptions],
      createdAt: new Date().toISOString(),
      ...(this.#options.parent ? { parent: this.#options.parent } : {}),
      ...(group ? { group } : {}),
      owners: [vm.scope.lineage],
      identity: {
        instanceId: vm.spec.identity.instanceId,
        lineage: vm.scope.lineage,
        user: vm.spec.user,
        hostKey: (await vm.hostKey()).publicKey,
      },
      agent: agent ?? false,
      disk: { name: this.#names.disk, size: (await stat(this.#path(this.#names.disk))).size },
      ...(this.#capture
        ? { ram: await this.#sealed(this.#names.ram), state: await this.#sealed(this.#names.state) }
        : {}),
      compatibility: {
        arch: vm.spec.arch,
        memory: vm.spec.memory,
        cpus: vm.spec.cpus,
        accelerator: text('accelerator'),
        machineType: text('machineType'),
        cpu: text('cpu'),
        qemu: text('version'),
        devices: deviceDigest(machineConfiguration(vm, this.#state)),
      },
    };
  }
}

/** Where a cut was interrupted after QEMU had been asked to move, only QEMU knows which disk it writes to. */
async function settled(vm: Vm, machine: Machine | undefined, call: VmCall): Promise<VmState> {
  const state = await vm.state();
  const file = machine && (await diskFile(machine.qmp, diskId, call.signal));
  if (!file || dirname(file) !== vm.folder.path || basename(file) === state.disk) return state;
  return vm.update({ disk: basename(file) });
}

/**
 * @throws GoqemuError `no-memory-store`
 */
async function memoryFolder(vm: Vm, key: string): Promise<string> {
  try {
    if (vm.host.platform.system !== 'linux') throw new Error(`${vm.host.platform.system} has no /dev/shm`);
    return await vm.host.layers.prepareMemory(key);
  } catch (cause) {
    throw new GoqemuError({
      code: 'no-memory-store',
      source: 'environment',
      subject: vm.spec.name,
      message: `this host has no file system in memory for the RAM of a checkpoint of ${vm.spec.name}`,
      detail: errorMessage(cause),
      hint: "keep it on disk: store: 'disk'",
      cause,
    });
  }
}

async function ramCapture(
  vm: Vm,
  machine: Machine,
  { baseState }: VmState,
  folder: string,
  names: { readonly ram: string; readonly state: string },
  call: VmCall,
): Promise<RamCapture | undefined> {
  const { pid, runtimeFolder } = machine.record;
  const limit = ramLimit({ ...vm.spec, accelerator: machine.record.accelerator as 'tcg' });
  const capture = limit
    ? undefined
    : await captureRam({
        pid,
        monitor: machine.qmp,
        memory: vm.spec.memory,
        ...(baseState ? { base: vm.folder.file(baseState) } : {}),
        ram: join(folder, names.ram),
        state: join(folder, names.state),
        socketFolder: runtimeFolder,
        ...(call.signal ? { signal: call.signal } : {}),
      });
  if (!capture) {
    call.onProgress?.({
      kind: 'notice',
      code: 'ram-not-kept',
      message: `${vm.spec.name}: the checkpoint holds the disk alone, and restoring it boots: ${limit ?? 'this host does not let the RAM be reached from outside QEMU'}`,
    });
  }
  return capture;
}

async function makeDurable(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A layer without a name gives up its RAM when newer ones have theirs. */
async function supersede(vm: Vm, { supersedes }: CutOptions): Promise<void> {
  const older = supersedes === undefined ? undefined : await vm.host.layers.find(supersedes);
  if (
    !older ||
    older.manifest.descriptions.length > 0 ||
    older.manifest.owners.some((owner) => owner !== vm.scope.lineage)
  )
    return;
  await vm.host.layers.dropRam(older);
}
