import { copyFile, link } from 'node:fs/promises';
import { errorMessage, GoqemuError, isGoqemuError, removeFile, systemErrorCode } from '@goqemu/core';
import {
  type Accelerator,
  launchMachine,
  loadState,
  type Machine,
  plannedGuestArguments,
  stateChannel,
  wholeStateStallMs,
} from '@goqemu/machine';
import type { Layer } from '../layers/layer.ts';
import { ramParts } from '../layers/layer-manifest.ts';
import { ramDifference } from '../layers/ram-difference.ts';
import { ramFacts } from '../layers/ram-facts.ts';
import { resumeMemory } from '../ram/resume-memory.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { foreignCard } from '../vm/vm-network.ts';
import type { VmState } from '../vm/vm-state.ts';
import { deviceDigest } from './device-digest.ts';
import { endStray } from './kill-vm.ts';
import { inFolder, machineConfiguration, withoutForwards } from './machine-configuration.ts';

/**
 * Why the RAM of a layer cannot be used by this machine here and now; undefined when it can.
 */
export async function ramObstacle(vm: Vm, layer: Layer, call: VmCall): Promise<string | undefined> {
  const { compatibility } = layer.manifest;
  if (layer.lostRam) return `its RAM is damaged: ${layer.lostRam}`;
  if (!ramParts(layer.manifest)) return 'the checkpoint holds the disk only';
  if (vm.spec.firmware === 'uefi' && !layer.manifest.variables) return 'the checkpoint has no UEFI variables';
  if (!(await vm.host.layers.hasRam(layer))) return 'its RAM was kept in memory, and the host has been started since';
  const foreign = foreignCard(vm.spec, layer.manifest.identity);
  if (foreign) return foreign;
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const { accelerator } = await vm.host.accelerator(vm.spec.accelerator, vm.spec.arch, call.signal);
  const state = await vm.state();
  const present = {
    ...compatibility,
    ...ramFacts(vm.spec, accelerator),
    qemu: installation.version.text,
    devices: deviceDigest(machineConfiguration(vm, state)),
  };
  const configuration = resumeConfiguration(vm, layer, state, { runtimeFolder: vm.runtimeFolder, isAlone: false });
  try {
    return ramDifference(compatibility, present, () =>
      plannedGuestArguments(configuration, installation, vm.host.platform),
    );
  } catch (error) {
    if (isGoqemuError(error)) return error.message; // this build lacks what the other had
    throw error;
  }
}

/** What a machine is started on when it stands on a layer: names in its folder. */
export type StandingFiles = Pick<VmState, 'disk' | 'variables'>;

export interface Standing extends StandingFiles {
  /** No other QEMU of the machine has its ports. */
  readonly isAlone?: boolean;
}

/** A machine that stands where its layer was cut, and waits to be resumed. */
export interface Resumed {
  readonly machine: Machine;
  /** What the machine's folder has to remember of it. */
  readonly state: Pick<VmState, 'machine' | 'baseState' | 'mac'>;
}

/**
 * Starts a QEMU on the RAM and device state of a layer, beside the one that may still run: it has sockets of its own,
 * and no forwards yet, unless it is alone. The disk must already stand on the layer. When this fails, nothing of it stays.
 *
 * @throws GoqemuError `resume-failed`; `no-memory` before anything was started
 */
export async function launchFromLayer(
  vm: Vm,
  layer: Layer,
  { isAlone = false, ...standing }: Standing,
  call: VmCall,
): Promise<Resumed> {
  const files = vm.host.layers.ramFiles(layer);
  const signal = call.signal ? { signal: call.signal } : {};
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const { mac } = layer.manifest.identity;
  const state = { ...(await vm.state()), mac };
  const runtimeFolder = await freeRuntimeFolder(vm, state, call);
  await using memory = await resumeMemory(vm, { installation, files, runtimeFolder }, call);
  let machine: Machine | undefined;
  try {
    machine = await launchMachine(
      {
        ...resumeConfiguration(vm, layer, { ...state, ...standing }, { runtimeFolder, isAlone }),
        ...(memory.backend ? { memoryBackend: memory.backend } : {}),
      },
      { installation, platform: vm.host.platform, logger: vm.host.logger, ...signal },
    );
    await memory.handOver(machine.record);
    vm.trace('restore: the new QEMU is there');
    await memory.fill(machine, call.signal);
    vm.trace('restore: its RAM is in place');
    await loadState(machine.qmp, files.state, {
      form: files.form,
      channel: stateChannel(machine.record),
      ...(files.form === 'devices' ? {} : { stallMs: wholeStateStallMs(files.form, vm.spec.memory) }),
      ...signal,
    });
    vm.trace('restore: its devices are loaded');
    const baseState = memory.kind === 'copy-on-write' ? await keepBase(vm, files.state, state) : undefined;
    return { machine, state: { machine: { ...machine.record }, baseState, mac } };
  } catch (error) {
    await machine?.kill();
    await machine?.close();
    call.signal?.throwIfAborted();
    throw new GoqemuError({
      code: 'resume-failed',
      source: 'environment',
      subject: vm.spec.name,
      message: `machine ${vm.spec.name} could not resume from the RAM of checkpoint ${layer.manifest.id}`,
      detail: errorMessage(error),
      hint: 'its disk is complete: the machine can boot from it',
      cause: error,
    });
  }
}

/** The configuration of a QEMU that resumes from a layer. */
function resumeConfiguration(
  vm: Vm,
  { manifest }: Layer,
  state: VmState,
  { runtimeFolder, isAlone }: { readonly runtimeFolder: string; readonly isAlone: boolean },
) {
  const { machineType, cpu, accelerator } = manifest.compatibility;
  const configuration = machineConfiguration(vm, state);
  return {
    ...configuration,
    networks: isAlone
      ? inFolder(configuration.networks, runtimeFolder)
      : withoutForwards(configuration.networks, runtimeFolder),
    runtimeFolder,
    machineType,
    cpu: { model: cpu },
    accelerator: accelerator as Accelerator,
    incoming: 'defer' as const,
    startPaused: true,
  };
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
  await removeFile(path);
  await link(stateFile, path).catch(async (error: unknown) => {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].includes(systemErrorCode(error) ?? '')) throw error;
    await copyFile(stateFile, path);
  });
  return name;
}
