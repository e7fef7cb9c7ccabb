import { errorMessage, formatDuration, GoqemuError, lengthPrefixedDigest } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { setGuestClock } from '../guest/guest-clock.ts';
import { describeCut } from '../lifecycle/describe-cut.ts';
import { killVm } from '../lifecycle/kill-vm.ts';
import { type QuietGuest, quietGuest } from '../lifecycle/quiet-guest.ts';
import { resumeAfterFullDisk } from '../lifecycle/resume-after-full-disk.ts';
import { SavedFiles } from '../lifecycle/saved-files.ts';
import { captureMachine, ramStrategyOf } from '../ram/capture-machine.ts';
import { checkDisk } from '../ram/host-room.ts';
import { variablesName } from '../vm/uefi-variables.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { removeSuspension, suspensionMark, writeSuspension } from './suspension.ts';

/**
 * Keeps the RAM of a running machine in its folder, where it outlives the host's next start, and ends its QEMU. The guest
 * is synced before, so that losing the RAM costs a boot and never data. What fails until the QEMU is ended leaves the
 * machine running.
 *
 * The machine's folder says that it is suspended only when no QEMU of it is left: while one is, its guest could run on, and
 * the RAM would be older than the disk. A goqemu that is killed leaves a machine that runs, is paused, or is stopped.
 *
 * @throws GoqemuError `suspend-refused` where its RAM cannot be kept, `no-room`, `guest-sync-failed`
 */
export async function suspendVm(vm: Vm, machine: Machine, session: GuestSession, call: VmCall): Promise<void> {
  const begun = performance.now();
  const state = await vm.state();
  if ((await machine.status()) !== 'running' || !state.ready) throw refused(vm, 'its guest is not ready');
  const strategy = await ramStrategyOf(vm, machine, call);
  if (strategy.kind === 'disk') throw refused(vm, strategy.reason);
  call.onProgress?.({ kind: 'stage', stage: 'suspend', status: 'started' });
  const { folder } = vm;
  await removeSuspension(folder); // what a killed goqemu has left
  const variables = variablesName(state);
  const names = { disk: state.disk, variables, ram: 'suspended-ram', state: 'suspended-devices' };
  const files = new SavedFiles(folder.path, folder.path, names, vm.spec.firmware === 'uefi');
  let quiet: QuietGuest | undefined;
  let stoppedAt = 0;
  try {
    const capture = await captureMachine(vm, machine, files, call);
    const { name } = vm.spec;
    const need = { what: `the RAM of ${name}`, machine: name, folder: folder.path, bytes: capture.bytes };
    await checkDisk(vm.host, need);
    await capture.prepare();
    quiet = await quietGuest({ vm, machine, session, keepsRam: true, begun }, call);
    await machine.pause();
    stoppedAt = performance.now();
    vm.trace('suspend: the guest stands still');
    await capture.take();
    await capture.finish();
    await files.makeDurable(capture.form);
    vm.trace('suspend: RAM and devices are on the disk');
    const key = lengthPrefixedDigest(['goqemu-suspended', state.uuid]);
    const ram = { key, descriptions: [], ram: capture.form, standby: quiet.standby !== undefined };
    await writeSuspension(folder, await describeCut(vm, { ...state, agent: quiet.agent }, files, ram));
    call.signal?.throwIfAborted();
  } catch (error) {
    await runsOn({ vm, machine, session, quiet, stoppedAt }, call);
    await removeSuspension(folder);
    await resumeAfterFullDisk(vm, machine);
    throw error;
  }
  await quiet.standby?.leave();
  await machine.quit();
  await killVm(vm, {}); // it is beyond going back
  vm.trace('suspend: the QEMU is gone');
  await vm.update({ suspended: await suspensionMark(folder, state.disk) });
  vm.trace('suspend: the folder says so');
  call.onProgress?.({ kind: 'stage', stage: 'suspend', status: 'done', durationMs: performance.now() - begun });
}

interface StillGuest {
  readonly vm: Vm;
  readonly machine: Machine;
  readonly session: GuestSession;
  readonly quiet: QuietGuest | undefined;
  /** By `performance.now()`; 0 for one that never stood still. */
  readonly stoppedAt: number;
}

/** Takes a guest on that was to be suspended, and gives it the time that it stood still. */
async function runsOn({ vm, machine, session, quiet, stoppedAt }: StillGuest, call: VmCall): Promise<void> {
  const standby = quiet?.standby;
  try {
    if (stoppedAt === 0) return;
    const stillMs = performance.now() - stoppedAt;
    await machine.resume();
    await setGuestClock({ machine, session, agent: quiet?.agent ?? false, standby }, call).catch((error: unknown) => {
      const message = `the clock of ${vm.spec.name} may be ${formatDuration(stillMs)} behind, since it could not be set: ${errorMessage(error)}`;
      call.onProgress?.({ kind: 'notice', code: 'clock-not-set', message });
    });
  } finally {
    await standby?.leave();
  }
}

function refused({ spec: { name } }: Vm, reason: string): GoqemuError {
  return new GoqemuError({
    code: 'suspend-refused',
    source: 'environment',
    subject: name,
    message: `the RAM of ${name} cannot be kept: ${reason}`,
    hint: 'nothing was changed; shut it down instead',
  });
}
