import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { folderNames, systemErrorCode } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type {
  AdoptedMachine,
  AdoptionTarget,
  Architecture,
  Backend,
  BackendCall,
  BackendRecord,
  CutLayer,
  CutResult,
  FlattenedLayer,
  LabScope,
  MachineOrigin,
  MachineSpec,
  ObservedMachine,
  Preflight,
  ResolvedImage,
  ResolvedStep,
  StepResult,
  StoredLayer,
} from '@goqemu/lab';
import { portUse } from '@goqemu/network';
import {
  collectLayers,
  createVm,
  createVmHost,
  cutLab,
  deleteVm,
  endAdopted,
  flattenLayer,
  heldMemory,
  type Layer,
  lookAtMachine,
  observeAdopted,
  observeVm,
  openAdoptedSession,
  qemuImgOf,
  restoreVm,
  resumeAdopted,
  runStep,
  startVm,
  stopVm,
  Vm,
  type VmHost,
} from '@goqemu/vm';
import { type DoctorFact, doctor } from '../doctor/doctor.ts';
import { adoptedRecord, attachTarget, describeFound, refuseAdopted } from './adopted.ts';
import { preflight } from './preflight.ts';
import type { QemuBackendOptions } from './qemu-backend-options.ts';
import { architectureOfImages, describeImage, tellImageProgress, vmCall } from './translate.ts';

/** Machines on this host: the engine's verbs, said in those of `@goqemu/vm`. */
export class QemuBackend implements Backend, AsyncDisposable {
  readonly kind = 'qemu';
  readonly host: VmHost;
  readonly #sessions = new Map<string, Promise<GuestSession>>();

  constructor(options: QemuBackendOptions = {}) {
    this.host = createVmHost(options);
  }

  async resolveImage(reference: string, arch: Architecture, call: BackendCall): Promise<ResolvedImage> {
    return describeImage(
      reference,
      await this.host.images.resolve(reference, { arch: architectureOfImages(arch), signal: call.signal }),
    );
  }

  async observe(
    machines: readonly { readonly machine: MachineSpec; readonly record: BackendRecord }[],
    call: BackendCall,
  ): Promise<ReadonlyMap<string, ObservedMachine>> {
    const found = await Promise.all(
      machines.map(async ({ machine, record }) => {
        const adopted = adoptedRecord(record);
        const found = adopted
          ? await observeAdopted(adopted, vmCall(call))
          : await observeVm(this.#vm(machine, call.scope), vmCall(call));
        return [machine.name, found] as const;
      }),
    );
    return new Map(found);
  }

  async findLayers(keys: readonly string[], _call: BackendCall): Promise<ReadonlyMap<string, StoredLayer>> {
    const found = await Promise.all(keys.map((key) => this.host.layers.find(key)));
    return new Map(
      await Promise.all(
        found
          .filter((layer) => layer !== undefined)
          .map(async (layer) => [layer.manifest.key, await this.#stored(layer)] as const),
      ),
    );
  }

  async takenPorts(ports: readonly number[], _call: BackendCall): Promise<readonly number[]> {
    const uses = await Promise.all(ports.map(portUse));
    return uses.filter((use) => use !== undefined).map(({ port }) => port);
  }

  preflight(machines: readonly MachineSpec[], call: BackendCall): Promise<readonly Preflight[]> {
    return preflight(this.host, machines, call);
  }

  async adopt(
    machine: MachineSpec,
    target: AdoptionTarget,
    options: { readonly authorize: boolean },
    call: BackendCall,
  ): Promise<AdoptedMachine> {
    const vm = this.#vm(machine, call.scope);
    return describeFound(await lookAtMachine(vm, attachTarget(target), options, vmCall(call)));
  }

  async memoryBudget(call: BackendCall): Promise<number> {
    const [free, held] = await Promise.all([this.host.room.memory(), heldMemory(this.labFolder(call.scope))]);
    return free + held;
  }

  async ensureImage(image: ResolvedImage, arch: Architecture, call: BackendCall): Promise<ResolvedImage> {
    const ready = await this.host.images.ensure(image.reference, {
      arch: architectureOfImages(arch),
      signal: call.signal,
      onProgress: tellImageProgress(image.reference, call),
    });
    return { ...describeImage(image.reference, { ...ready, cached: true, how: 'cached' }) };
  }

  async create(machine: MachineSpec, origin: MachineOrigin, call: BackendCall): Promise<BackendRecord> {
    const vm = this.#vm(machine, call.scope);
    await this.#closeSession(vm);
    if ('layer' in origin) {
      const { layer, copyOf } = origin;
      const original = copyOf ? { copyOf: this.#vm(copyOf.machine, copyOf.scope) } : {};
      await createVm(vm, { layer, ...original }, vmCall(call));
    } else {
      const image = await this.host.images.ensure(origin.image.reference, {
        arch: architectureOfImages(machine.arch),
        signal: call.signal,
      });
      const { path, format, shell, guestAgent } = image;
      await createVm(vm, { image: path, format, shell, guestAgent }, vmCall(call));
    }
    return this.#record(vm);
  }

  async start(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    const vm = this.#vm(machine, call.scope);
    const adopted = adoptedRecord(record);
    if (adopted) {
      await resumeAdopted(adopted, vmCall(call));
      return record;
    }
    const running = await startVm(vm, await this.#session(vm), vmCall(call));
    await running.close();
    return this.#record(vm);
  }

  async stop(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<BackendRecord> {
    const vm = this.#vm(machine, call.scope);
    await this.#closeSession(vm);
    const adopted = adoptedRecord(record);
    if (adopted) {
      await endAdopted(vm, adopted, vmCall(call));
      return record;
    }
    await stopVm(vm, vmCall(call));
    return this.#record(vm);
  }

  async delete(machine: MachineSpec, record: BackendRecord, call: BackendCall): Promise<void> {
    const vm = this.#vm(machine, call.scope);
    await this.#closeSession(vm);
    const adopted = adoptedRecord(record);
    if (!adopted) {
      await deleteVm(vm, vmCall(call));
      return;
    }
    await endAdopted(vm, adopted, vmCall(call));
    call.progress({ kind: 'notice', code: 'imported-disk-kept', message: `its disk stays: ${adopted.disk}` });
  }

  async runStep(
    machine: MachineSpec,
    record: BackendRecord,
    step: ResolvedStep,
    call: BackendCall,
  ): Promise<StepResult> {
    const vm = this.#vm(machine, call.scope);
    return runStep(await this.#session(vm, record), machine.name, step, {
      signal: call.signal,
      onOutput: (stream, text) => call.progress({ kind: 'output', stream, text }),
    });
  }

  async cutLayers(cuts: readonly CutLayer[], call: BackendCall): Promise<readonly CutResult[]> {
    for (const cut of cuts) refuseAdopted(cut.machine.name, cut.record);
    const parts = await Promise.all(
      cuts.map(async (options) => {
        const vm = this.#vm(options.machine, call.scope);
        return { vm, session: await this.#session(vm), options, isRunning: (await vm.state()).machine !== undefined };
      }),
    );
    const machines = await openAll(parts.map(({ vm, isRunning }) => (isRunning ? vm.machine(call.signal) : undefined)));
    try {
      const { layers, pauseMs } = await cutLab(
        parts.map((part, index) => ({ ...part, machine: machines[index] })),
        vmCall(call),
      );
      if (pauseMs > 0) call.progress({ kind: 'stage', stage: 'pause', status: 'done', durationMs: pauseMs });
      return await Promise.all(
        layers.map(async (layer, index) => ({
          layer: await this.#stored(layer),
          record: await this.#record((parts[index] as { readonly vm: Vm }).vm),
        })),
      );
    } finally {
      for (const machine of machines) await machine?.close();
    }
  }

  async restore(machine: MachineSpec, record: BackendRecord, layer: string, call: BackendCall): Promise<BackendRecord> {
    refuseAdopted(machine.name, record);
    const vm = this.#vm(machine, call.scope);
    await this.#closeSession(vm);
    const running = await restoreVm(vm, layer, await this.#session(vm), vmCall(call));
    await running.close();
    return this.#record(vm);
  }

  async describeLayer(key: string, descriptions: readonly string[], _call: BackendCall): Promise<StoredLayer> {
    const { layers } = this.host;
    const layer = await layers.get(key);
    return this.#stored(await layers.write({ ...layer.manifest, descriptions: [...descriptions] }));
  }

  collectLayers(
    keep: readonly string[],
    call: BackendCall,
    options: { readonly dryRun?: boolean } = {},
  ): Promise<{ readonly removed: number; readonly bytes: number }> {
    return collectLayers({
      ...options,
      store: this.host.layers,
      labsFolder: this.host.folders.labs,
      lineage: call.scope.lineage,
      keep,
    });
  }

  async flattenLayer(key: string, { signal }: BackendCall): Promise<FlattenedLayer> {
    const { layers, platform } = this.host;
    const layer = await layers.get(key);
    const arch = platform.arch === 'arm64' ? 'arm64' : 'amd64';
    const done = await flattenLayer(layers, layer, {
      qemuImg: () => qemuImgOf(this.host, arch, signal),
      signal,
    });
    if (done) return { depth: done.depth, bytes: done.bytes };
    const bytes = await layers.diskBytes(layer);
    return { depth: 0, bytes: { before: bytes, after: bytes } };
  }

  async dispose(call: BackendCall): Promise<void> {
    const folder = this.labFolder(call.scope);
    await rmdir(folder).catch((error: unknown) => {
      // Machines of another stack, or a machine that is still there, keep the folder.
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
    });
    // A fork may outlive the lab or the fork that it comes from, whose keys its layers then need.
    const copies = await this.host.keys.copies();
    const needed = new Set((await this.host.layers.list()).map(({ manifest }) => manifest.identity.lineage));
    for (const lineage of new Set([call.scope.lineage, ...copies.keys(), ...copies.values()]))
      if (!needed.has(lineage) && !(await this.#hasMachines(lineage))) await this.host.keys.delete(lineage);
  }

  async #hasMachines(lineage: string): Promise<boolean> {
    const { labs } = this.host.folders;
    const folders = (await folderNames(labs)).filter((name) => name.endsWith(`-${lineage}`));
    const machines = await Promise.all(folders.map((name) => folderNames(join(labs, name))));
    return machines.flat().length > 0;
  }

  /** A session of the caller's own, for `exec`, `ssh`, `cp`. */
  openSession(machine: MachineSpec, record: BackendRecord, scope: LabScope): Promise<GuestSession> {
    return openSession(this.#vm(machine, scope), record);
  }

  /** What this host has and lacks, for `goqemu doctor`. */
  doctor(signal?: AbortSignal): Promise<readonly DoctorFact[]> {
    return doctor(this.host, signal);
  }

  /** Files that tell what a machine did: the serial console, and QEMU's own words. */
  logFiles(machine: MachineSpec, scope: LabScope): { readonly console: string; readonly qemu: string } {
    const { folder } = this.#vm(machine, scope);
    return { console: folder.serialLog, qemu: folder.qemuLog };
  }

  /** The machine itself, for what goes beyond the engine's verbs. */
  vm(machine: MachineSpec, scope: LabScope): Vm {
    return this.#vm(machine, scope);
  }

  labFolder(scope: LabScope): string {
    return join(this.host.folders.labs, `${scope.lab}-${scope.lineage}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = await Promise.all(this.#sessions.values());
    this.#sessions.clear();
    await Promise.all(sessions.map((session) => session.close()));
  }

  #vm(machine: MachineSpec, scope: LabScope): Vm {
    return new Vm(this.host, { lineage: scope.lineage, labFolder: this.labFolder(scope) }, machine);
  }

  #session(vm: Vm, record: BackendRecord = {}): Promise<GuestSession> {
    const present = this.#sessions.get(vm.folder.path);
    if (present) return present;
    const opened = openSession(vm, record);
    this.#sessions.set(vm.folder.path, opened);
    return opened;
  }

  async #closeSession(vm: Vm): Promise<void> {
    const session = await this.#sessions.get(vm.folder.path);
    this.#sessions.delete(vm.folder.path);
    await session?.close();
  }

  async #record(vm: Vm): Promise<BackendRecord> {
    const { accelerator } = (await vm.state()).machine ?? {};
    return { folder: vm.folder.path, ...(typeof accelerator === 'string' ? { accelerator } : {}) };
  }

  async #stored(layer: Layer): Promise<StoredLayer> {
    const { manifest } = layer;
    return {
      key: manifest.key,
      id: manifest.id,
      ...(manifest.parent ? { parent: manifest.parent } : {}),
      ram: manifest.ram !== undefined,
      bytes: await this.host.layers.bytes(layer),
      createdAt: manifest.createdAt,
      descriptions: manifest.descriptions,
    };
  }
}

/** All of them, or none stays open. */
async function openAll<T extends { close(): Promise<void> }>(
  opening: readonly (Promise<T> | undefined)[],
): Promise<readonly (T | undefined)[]> {
  const results = await Promise.allSettled(opening);
  const failed = results.find((result) => result.status === 'rejected');
  const opened = results.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
  if (!failed) return opened;
  for (const one of opened) await one?.close();
  throw failed.reason;
}

function openSession(vm: Vm, record: BackendRecord): Promise<GuestSession> {
  const adopted = adoptedRecord(record);
  return adopted ? openAdoptedSession(vm, adopted) : vm.openSession();
}
