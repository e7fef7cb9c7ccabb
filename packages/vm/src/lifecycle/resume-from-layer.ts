import { copyFile, link, rm } from 'node:fs/promises';
import { errorMessage, GoqemuError, systemErrorCode } from '@goqemu/core';
import { launchMachine, loadState, type Machine, stateChannel, wholeStateTimeoutMs } from '@goqemu/machine';
import { ramDifference, ramParts } from '../layers/layer-manifest.ts';
import type { Layer } from '../layers/layer-store.ts';
import { resumeMemory } from '../ram/resume-memory.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import type { VmState } from '../vm/vm-state.ts';
import { endStray } from './kill-vm.ts';
import { deviceDigest, machineConfiguration, withoutForwards } from './machine-configuration.ts';

/**
 * Why the RAM of a layer cannot be used by this machine here and now; undefined when it can.
 */
export async function ramObstacle(vm: Vm, layer: Layer, call: VmCall): Promise<string | undefined> {
  const { compatibility } = layer.manifest;
  if (!ramParts(layer.manifest)) return 'the checkpoint holds the disk only';
  if (!(await vm.host.layers.hasRam(layer))) return 'its RAM was kept in memory, and the host has been started since';
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const { accelerator } = await vm.host.accelerator(vm.spec.accelerator, vm.spec.arch, call.signal);
  return ramDifference(compatibility, {
    ...compatibility,
    arch: vm.spec.arch,
    memory: vm.spec.memory,
    cpus: vm.spec.cpus,
    accelerator,
    qemu: installation.version.text,
    devices: deviceDigest(machineConfiguration(vm, await vm.state())),
  });
}

/** A machine that stands where its layer was cut, and waits to be taken on. */
export interface Resumed {
  readonly machine: Machine;
  /** What the machine's folder has to remember of it. */
  readonly state: Pick<VmState, 'machine' | 'baseState'>;
}

/**
 * Starts a QEMU on the RAM and device state of a layer, beside the one that may still run: it has sockets of its own,
 * and no forwards yet. The disk must already stand on the layer. When this fails, nothing of it stays.
 *
 * @throws GoqemuError `resume-failed`; `no-memory` before anything was started
 */
export async function resumeFromLayer(vm: Vm, layer: Layer, disk: string, call: VmCall): Promise<Resumed> {
  const { compatibility } = layer.manifest;
  const files = vm.host.layers.ramFiles(layer);
  const signal = call.signal ? { signal: call.signal } : {};
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const state = await vm.state();
  const runtimeFolder = await freeRuntimeFolder(vm, state, call);
  const memory = await resumeMemory(vm, installation, files);
  let machine: Machine | undefined;
  try {
    const configuration = machineConfiguration(vm, { ...state, disk });
    machine = await launchMachine(
      {
        ...configuration,
        networks: withoutForwards(configuration.networks, runtimeFolder),
        runtimeFolder,
        machineType: compatibility.machineType,
        cpu: { model: compatibility.cpu },
        accelerator: compatibility.accelerator as 'tcg',
        ...(memory.backend ? { memoryBackend: memory.backend } : {}),
        incoming: 'defer',
        startPaused: true,
      },
      { installation, platform: vm.host.platform, logger: vm.host.logger, ...signal },
    );
    vm.trace('restore: the new QEMU is there');
    await memory.fill(machine, call.signal);
    vm.trace('restore: its RAM is in place');
    await loadState(machine.qmp, files.state, {
      form: files.form,
      channel: stateChannel(machine.record),
      ...(files.form === 'devices' ? {} : { timeoutMs: wholeStateTimeoutMs(vm.spec.memory) }),
      ...signal,
    });
    vm.trace('restore: its devices are loaded');
    const baseState = memory.kind === 'copy-on-write' ? await keepBase(vm, files.state, state) : undefined;
    return { machine, state: { machine: { ...machine.record }, baseState } };
  } catch (error) {
    await machine?.kill();
    await machine?.close();
    call.signal?.throwIfAborted();
    throw new GoqemuError({
      code: 'resume-failed',
      source: 'environment',
      subject: vm.spec.name,
      message: `machine ${vm.spec.name} could not go on from the RAM of checkpoint ${layer.manifest.id}`,
      detail: errorMessage(error),
      hint: 'its disk is complete: the machine can boot from it',
      cause: error,
    });
  }
}

/** The one of a machine's two runtime folders that its QEMU is not in; what a killed goqemu left there is ended. */
async function freeRuntimeFolder(vm: Vm, { machine }: VmState, call: VmCall): Promise<string> {
  const free = vm.runtimeFolders.find((folder) => folder !== machine?.runtimeFolder) ?? vm.runtimeFolder;
  await endStray(vm, free, call);
  return free;
}

/** The state that a copy-on-write machine came from is needed to save it; the checkpoint may be gone by then. */
async function keepBase(vm: Vm, stateFile: string, { baseState }: VmState): Promise<string> {
  const name = baseState === 'base-1' ? 'base-2' : 'base-1';
  const path = vm.folder.file(name);
  await rm(path, { force: true });
  await link(stateFile, path).catch(async (error: unknown) => {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].includes(systemErrorCode(error) ?? '')) throw error;
    await copyFile(stateFile, path);
  });
  return name;
}
