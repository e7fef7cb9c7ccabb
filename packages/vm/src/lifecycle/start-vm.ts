import { stat } from 'node:fs/promises';
import { hasErrorCode, isAlive } from '@goqemu/core';
import { type GuestSession, readinessStages, type StageReached, waitUntilReady } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { ensureAgent } from '../guest/ensure-agent.ts';
import { giveIdentity } from '../guest/give-identity.ts';
import type { Layer } from '../layers/layer-store.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { killVm } from './kill-vm.ts';
import { launchVm } from './launch-vm.ts';
import { machineConfiguration } from './machine-configuration.ts';
import { ramObstacle, resumeFromLayer } from './resume-from-layer.ts';
import { writeDown } from './write-down.ts';

/**
 * Leaves a machine running and ready: as it is when it already runs, from the RAM of the layer that its disk
 * stands on where that fits, and else by a boot.
 *
 * @returns the running machine; close it when done, QEMU goes on
 * @throws GoqemuError `stage-stalled` with the console's last lines, and what launching throws
 */
export async function startVm(vm: Vm, session: GuestSession, call: VmCall): Promise<Machine> {
  const running = await alreadyRunning(vm, call);
  if (running) return running;
  await killVm(vm, call);
  const { resumeFrom } = await vm.state();
  const layer = resumeFrom ? await vm.host.layers.get(resumeFrom) : undefined;
  const resumed = layer && (await tryToResume(vm, layer, session, call));
  return resumed ?? boot(vm, session, call);
}

async function alreadyRunning(vm: Vm, call: VmCall): Promise<Machine | undefined> {
  const { machine: record, resumeFrom } = await vm.state();
  if (!record || resumeFrom) return undefined;
  const machine = await vm.machine(call.signal).catch((error: unknown) => {
    if (hasErrorCode(error, 'machine-gone')) return undefined;
    throw error;
  });
  if (!machine) return undefined;
  const status = await machine.status();
  if (status === 'paused') await machine.resume();
  if (status === 'running' || status === 'paused') return machine;
  await machine.close();
  return undefined;
}

/** RAM that does not fit, or cannot be loaded, costs a boot and never data: the disk is complete. */
async function tryToResume(vm: Vm, layer: Layer, session: GuestSession, call: VmCall): Promise<Machine | undefined> {
  const obstacle = await ramObstacle(vm, layer, call);
  if (obstacle) {
    bootsInstead(vm, obstacle, call);
    return undefined;
  }
  const begun = performance.now();
  call.onProgress?.({ kind: 'stage', stage: 'restore', status: 'started' });
  const machine = await resumeFromLayer(vm, layer, call).catch((error: unknown) => {
    if (!hasErrorCode(error, 'resume-failed')) throw error;
    bootsInstead(vm, error.detail ?? error.message, call);
    return undefined;
  });
  if (!machine) return undefined;
  call.onProgress?.({ kind: 'stage', stage: 'restore', status: 'done', durationMs: performance.now() - begun });
  try {
    await giveIdentity(vm, machine, layer, session, call);
    await vm.update({ resumeFrom: undefined, identity: vm.spec.identity.instanceId, agent: layer.manifest.agent });
    return machine;
  } catch (error) {
    await machine.close();
    throw error;
  }
}

function bootsInstead(vm: Vm, reason: string, call: VmCall): void {
  call.onProgress?.({
    kind: 'notice',
    code: 'ram-not-used',
    message: `${vm.spec.name} boots from the checkpoint's disk instead of going on from its RAM: ${reason}`,
  });
}

async function boot(vm: Vm, session: GuestSession, call: VmCall): Promise<Machine> {
  const signal = call.signal ? { signal: call.signal } : {};
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const { accelerator, notices } = await vm.host.accelerator(vm.spec.accelerator, vm.spec.arch, call.signal);
  for (const message of notices) call.onProgress?.({ kind: 'notice', code: 'accelerator', message });
  call.onProgress?.({ kind: 'stage', stage: 'process', status: 'started' });
  const serialOffset = await sizeOf(vm.folder.serialLog);
  const machine = await launchVm(
    vm,
    { ...machineConfiguration(vm, await vm.state()), accelerator },
    {
      installation,
      platform: vm.host.platform,
      logger: vm.host.logger,
      ...signal,
    },
  );
  try {
    await writeDown(vm, machine);
    await vm.update({ resumeFrom: undefined });
    await waitUntilReady({
      serialLog: vm.folder.serialLog,
      session,
      isProcessAlive: () => isAlive(machine.record),
      machine: vm.spec.name,
      serialOffset,
      onStage: tellStages(call),
      ...signal,
    });
    await vm.update({ identity: vm.spec.identity.instanceId, agent: await ensureAgent(vm, machine, session, call) });
    return machine;
  } catch (error) {
    await machine.close();
    throw error;
  }
}

/** Each stage begins when the one before it is reached. */
function tellStages(call: VmCall): (reached: StageReached) => void {
  return ({ stage, tookMs }) => {
    call.onProgress?.({ kind: 'stage', stage, status: 'done', durationMs: tookMs });
    const next = readinessStages[readinessStages.indexOf(stage) + 1];
    if (next) call.onProgress?.({ kind: 'stage', stage: next, status: 'started' });
  };
}

/** The log goes on from boot to boot. */
async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
