import { randomBytes } from 'node:crypto';
import { link, open, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestSession } from '@goqemu/guest';
import {
  continueOnOverlay,
  copyRam,
  createOverlay,
  type Machine,
  saveDeviceState,
  sharedRamPath,
} from '@goqemu/machine';
import { syncGuest } from '../guest/sync-guest.ts';
import type { LayerManifest } from '../layers/layer-manifest.ts';
import { type Layer, layerId } from '../layers/layer-store.ts';
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
  readonly descriptions: readonly string[];
}

export interface Cut {
  readonly layer: Layer;
  /** Milliseconds that the guest stood still; 0 for a machine that was not running. */
  readonly pauseMs: number;
}

/**
 * Seals what a machine's disk holds, and its RAM on request, as a layer; the machine goes on above it.
 *
 * Order is what makes a crash harmless: the disk gets its second name in the layer's folder first, then the machine
 * moves to a new overlay, then its folder says so, and the manifest, which makes it a layer, is written last.
 *
 * @throws GoqemuError `no-room`, `guest-sync-failed`, `checkpoint-state-failed`
 */
export async function cutLayer(
  vm: Vm,
  machine: Machine | undefined,
  session: GuestSession,
  options: CutOptions,
  call: VmCall,
): Promise<Cut> {
  const { layers } = vm.host;
  const present = await layers.find(options.key);
  if (present && (present.manifest.ram || !options.ram))
    return { layer: await layers.adopt(present, vm.scope.lineage), pauseMs: 0 };
  if (machine) await syncGuest(vm, machine, session, call);
  const state = await vm.state();
  const folder = await layers.prepare(options.key);
  const mark = join(folder, `cutting-${process.pid}`);
  await writeFile(mark, '');
  const tag = randomBytes(4).toString('hex');
  const names = { disk: `disk-${tag}.qcow2`, ram: `ram-${tag}`, state: `state-${tag}` };
  try {
    const overlay = await vm.folder.nextDisk();
    await link(vm.folder.file(state.disk), join(folder, names.disk));
    await createOverlay(vm.folder.file(overlay), {
      qemuImg: await qemuImg(vm, call.signal),
      backing: join(folder, names.disk),
      ...(call.signal ? { signal: call.signal } : {}),
    });
    const files = { folder, names, overlay };
    const { pauseMs, ram } = machine
      ? await cutRunning(vm, machine, files, options.ram, call)
      : { pauseMs: 0, ram: false };
    await vm.update({ disk: overlay, layer: options.key });
    const layer = await layers.write(await manifestOf(vm, state, options, folder, { ...names, keepsRam: ram }));
    await unlink(vm.folder.file(state.disk));
    await supersede(vm, options);
    return { layer, pauseMs };
  } finally {
    await rm(mark, { force: true });
  }
}

interface CutFiles {
  readonly folder: string;
  readonly names: { readonly disk: string; readonly ram: string; readonly state: string };
  readonly overlay: string;
}

/** The guest stands still from `stop` to `cont`: everything that can be done before or after is. */
async function cutRunning(
  vm: Vm,
  machine: Machine,
  { folder, names, overlay }: CutFiles,
  wantsRam: boolean,
  call: VmCall,
): Promise<{ pauseMs: number; ram: boolean }> {
  const signal = call.signal ? { signal: call.signal } : {};
  const source = wantsRam ? await sharedRamPath(machine.record.pid, vm.spec.memory) : undefined;
  if (wantsRam && !source) {
    call.onProgress?.({
      kind: 'notice',
      code: 'ram-not-kept',
      message: `${vm.spec.name}: this host cannot keep the RAM of a checkpoint; it holds the disk, and restoring it boots`,
    });
  }
  const wasRunning = (await machine.status()) === 'running';
  const before = performance.now();
  if (wasRunning) await machine.pause();
  try {
    const nodeName = `${diskId}-${overlay.slice(5, -6)}`;
    await continueOnOverlay(machine.qmp, diskId, { path: vm.folder.file(overlay), nodeName }, call.signal);
    if (source) {
      await Promise.all([
        saveDeviceState(machine.qmp, join(folder, names.state), { socketFolder: vm.runtimeFolder, ...signal }),
        copyRam(source, join(folder, names.ram), signal),
      ]);
    }
  } finally {
    if (wasRunning) await machine.resume();
  }
  const pauseMs = performance.now() - before;
  if (source) for (const name of [names.ram, names.state]) await makeDurable(join(folder, name));
  return { pauseMs, ram: source !== undefined };
}

async function makeDurable(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function manifestOf(
  vm: Vm,
  state: VmState,
  options: CutOptions,
  folder: string,
  files: CutFiles['names'] & { keepsRam: boolean },
): Promise<LayerManifest> {
  const size = async (name: string) => ({ name, size: (await stat(join(folder, name))).size });
  const record = state.machine as
    | { version?: string; machineType?: string; cpu?: string; accelerator?: string }
    | undefined;
  return {
    version: 1,
    id: layerId(options.key),
    key: options.key,
    descriptions: [...options.descriptions],
    createdAt: new Date().toISOString(),
    ...(options.parent ? { parent: options.parent } : {}),
    owners: [vm.scope.lineage],
    identity: {
      instanceId: vm.spec.identity.instanceId,
      lineage: vm.scope.lineage,
      user: vm.spec.user,
      hostKey: (await vm.hostKey()).publicKey,
    },
    agent: state.agent ?? false,
    disk: await size(files.disk),
    ...(files.keepsRam ? { ram: await size(files.ram), state: await size(files.state) } : {}),
    compatibility: {
      arch: vm.spec.arch,
      memory: vm.spec.memory,
      cpus: vm.spec.cpus,
      accelerator: record?.accelerator ?? 'none',
      machineType: record?.machineType ?? 'none',
      cpu: record?.cpu ?? 'none',
      qemu: record?.version ?? 'none',
      devices: deviceDigest(machineConfiguration(vm, state)),
    },
  };
}

/** Of the layers without a name, only a machine's newest keeps its RAM. */
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
