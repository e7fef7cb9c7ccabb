import { join } from 'node:path';
import { errorMessage, GoqemuError } from '@goqemu/core';
import { copyRam, loadDeviceState, type Machine, sharedRamPath } from '@goqemu/machine';
import { type LayerManifest, ramDifference } from '../layers/layer-manifest.ts';
import type { Layer } from '../layers/layer-store.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { launchVm } from './launch-vm.ts';
import { deviceDigest, machineConfiguration } from './machine-configuration.ts';
import { writeDown } from './write-down.ts';

/**
 * Why the RAM of a layer cannot be used by this machine here and now; undefined when it can.
 */
export async function ramObstacle(vm: Vm, layer: Layer, call: VmCall): Promise<string | undefined> {
  const { ram, state, compatibility } = layer.manifest;
  if (!ram || !state) return 'the checkpoint holds the disk only';
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

/**
 * Starts a QEMU on the RAM and device state of a layer; the guest goes on where it was cut. The disk must already
 * stand on the layer.
 */
export async function resumeFromLayer(vm: Vm, layer: Layer, call: VmCall): Promise<Machine> {
  const { manifest } = layer;
  const signal = call.signal ? { signal: call.signal } : {};
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const machine = await launchVm(
    vm,
    {
      ...machineConfiguration(vm, await vm.state()),
      machineType: manifest.compatibility.machineType,
      cpu: { model: manifest.compatibility.cpu },
      accelerator: manifest.compatibility.accelerator as 'tcg',
      incoming: 'defer',
    },
    { installation, platform: vm.host.platform, logger: vm.host.logger, ...signal },
  );
  try {
    await writeDown(vm, machine);
    const files = ramFiles(layer.folder, manifest);
    const target = await sharedRamPath(machine.record.pid, vm.spec.memory);
    if (!target) throw noSharedRam(vm.spec.name);
    await copyRam(files.ram, target, signal);
    await loadDeviceState(machine.qmp, files.state, { socketFolder: vm.runtimeFolder, ...signal });
    await machine.resume();
    return machine;
  } catch (error) {
    await machine.kill();
    await machine.close();
    throw new GoqemuError({
      code: 'resume-failed',
      source: 'environment',
      subject: vm.spec.name,
      message: `machine ${vm.spec.name} could not go on from the RAM of checkpoint ${manifest.id}`,
      detail: errorMessage(error),
      hint: 'its disk is complete: the machine can boot from it',
      cause: error,
    });
  }
}

function ramFiles(folder: string, { ram, state }: LayerManifest): { ram: string; state: string } {
  return { ram: join(folder, ram?.name ?? ''), state: join(folder, state?.name ?? '') };
}

function noSharedRam(name: string): GoqemuError {
  return new GoqemuError({
    code: 'ram-not-shared',
    source: 'environment',
    subject: name,
    message: `the RAM of machine ${name} cannot be reached from outside its QEMU on this host`,
    hint: 'checkpoints hold the disk only here',
  });
}
