import { removeAbandonedDrafts } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import { launchMachine, type Machine } from '@goqemu/machine';
import { setGuestClock } from '../guest/guest-clock.ts';
import { setCables } from '../guest/join-networks.ts';
import { bootMemory } from '../ram/boot-memory.ts';
import { resumeSuspended } from '../suspension/resume-vm.ts';
import { removeSuspension } from '../suspension/suspension.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { becomeReady, consoleSize } from './become-ready.ts';
import { checkImageBelow } from './check-image-below.ts';
import { connectNetwork } from './connect-network.ts';
import { killOthers, killVm } from './kill-vm.ts';
import { machineConfiguration } from './machine-configuration.ts';
import { reachMachine } from './reach-machine.ts';
import { resumeGuest } from './resume-guest.ts';
import { healState, saveMachineRecord } from './save-machine-record.ts';
import { putForwards } from './set-forwards.ts';
import { ensureSeed } from './write-seed.ts';

/**
 * Leaves a machine running and ready: as it is when it already runs, from the RAM of the layer that its disk
 * stands on where that fits, and else by a boot.
 *
 * @returns the running machine; close it when done, QEMU keeps running
 * @throws GoqemuError `image-damaged`, `stage-stalled` with the console's last lines, and what launching throws
 */
export async function startVm(vm: Vm, session: GuestSession, call: VmCall): Promise<Machine> {
  await removeAbandonedDrafts(vm.folder.path);
  await healState(vm);
  await ensureSeed(vm);
  if (!(await vm.state()).suspended) await removeSuspension(vm.folder); // a suspension that was interrupted
  const running = await alreadyRunning(vm, session, call);
  // The goqemu that started it may have been killed while its guest was booting.
  if (running) {
    await closedIfNot(running, putForwards(vm, running, call)); // changing them may have been interrupted
    if ((await vm.state()).ready) return running;
    return await closedIfNot(running, becomeReady({ vm, machine: running, session, serialOffset: 0 }, call));
  }
  await killVm(vm, call);
  const continued = await resumed(vm, session, call);
  if (continued) return continued;
  const { resumeFrom, disk, variables } = await vm.state();
  await checkImageBelow(vm.host, vm.folder.file(disk), call);
  // Its disk stands on the layer's already: one that is lost by now costs a boot.
  const layer = resumeFrom ? await vm.host.layers.find(resumeFrom) : undefined;
  const fromLayer = layer && (await resumeGuest({ vm, layer, files: { disk, variables }, session }, call));
  return fromLayer ?? bootVm(vm, session, call);
}

/** From the RAM that a machine was suspended with; where that cannot be used the disk boots, which gives it up. */
async function resumed(vm: Vm, session: GuestSession, call: VmCall): Promise<Machine | undefined> {
  if (!(await vm.state()).suspended) return undefined;
  const found = await resumeSuspended(vm, session, call);
  if ('machine' in found) return found.machine;
  const message = `${vm.spec.name} boots from its disk instead of resuming from its RAM: ${found.obstacle}`;
  call.onProgress?.({ kind: 'notice', code: 'ram-not-used', message });
  return undefined;
}

async function alreadyRunning(vm: Vm, session: GuestSession, call: VmCall): Promise<Machine | undefined> {
  const { machine: record, resumeFrom, ready, agent = false } = await vm.state();
  if (!record || resumeFrom) return undefined;
  const machine = await reachMachine(vm, call);
  if (!machine) return undefined;
  await killOthers(vm, call); // loaded by a restore that was killed before it could take over
  const status = await machine.status();
  if (status === 'paused') {
    try {
      await machine.resume();
      if (ready) await setGuestClock({ machine, session, agent }, call);
    } catch (error) {
      await machine.close();
      throw error;
    }
  }
  if (status === 'running' || status === 'paused') return machine;
  await machine.close();
  return undefined;
}

/** Starts a machine that does not run from its disk, and waits until its guest is ready. */
export async function bootVm(vm: Vm, session: GuestSession, call: VmCall): Promise<Machine> {
  const signal = call.signal ? { signal: call.signal } : {};
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const { accelerator, notices } = await vm.host.accelerator(vm.spec.accelerator, vm.spec.arch, call.signal);
  for (const message of notices) call.onProgress?.({ kind: 'notice', code: 'accelerator', message });
  call.onProgress?.({ kind: 'stage', stage: 'process', status: 'started' });
  const serialOffset = await consoleSize(vm.folder.serialLog);
  const { runtimeFolder } = vm;
  await using memory = await bootMemory(vm, installation, { needed: vm.spec.memory, runtimeFolder }, call);
  const machine = await launchMachine(
    {
      ...machineConfiguration(vm, await vm.state()),
      accelerator,
      ...(memory.backend ? { memoryBackend: memory.backend } : {}),
    },
    {
      installation,
      platform: vm.host.platform,
      logger: vm.host.logger,
      ...signal,
    },
  );
  await saveMachineRecord(vm, machine);
  await memory.handOver(machine.record);
  await connectNetwork(vm, machine, call);
  await setCables(vm, machine, call);
  await vm.update({ resumeFrom: undefined, baseState: undefined });
  return await closedIfNot(machine, becomeReady({ vm, machine, session, serialOffset }, call));
}

/** A machine that is not returned is closed. */
export async function closedIfNot(machine: Machine, ready: Promise<void>): Promise<Machine> {
  try {
    await ready;
    return machine;
  } catch (error) {
    await machine.close();
    throw error;
  }
}
