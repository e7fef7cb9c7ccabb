import { GoqemuError, hasErrorCode } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { findLostAgent } from '../guest/find-lost-agent.ts';
import { findReboot, guestRebooted } from '../guest/find-reboot.ts';
import { answerMs } from '../guest/guest-clock.ts';
import { Standby } from '../guest/standby.ts';
import { syncGuest } from '../guest/sync-guest.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';

const when = 'after its last step, before its state could be saved';

/** A running machine whose guest is about to stand still. */
export interface LoudGuest {
  readonly vm: Vm;
  readonly machine: Machine;
  readonly session: GuestSession;
  /** Its RAM is kept: a process in it sets the clock when it resumes. */
  readonly keepsRam: boolean;
  /** When this began, by `performance.now()`. */
  readonly begun: number;
}

export interface QuietGuest {
  /** Whether it has an agent now. */
  readonly agent: boolean;
  /** The process that waits in it; undefined where it can have none. */
  readonly standby: Standby | undefined;
}

/**
 * The last before a guest stops: has it write out its data, and leaves a process in it that will set the clock when the
 * guest resumes.
 *
 * @throws GoqemuError `guest-sync-failed`, `guest-rebooted`, `qmp-silent` when QEMU hangs
 */
export async function quietGuest(guest: LoudGuest, call: VmCall): Promise<QuietGuest> {
  const { vm, machine, session, keepsRam } = guest;
  const explain = (error: unknown) => findItsReboot(guest, error, call);
  let standby: Standby | undefined;
  try {
    const agent = await findLostAgent(vm, machine, explain, call);
    if (keepsRam && agent) standby = await putOnStandby(guest, call);
    await syncGuest(vm, { machine, session, standby }, call);
    return { agent, standby };
  } catch (error) {
    await standby?.leave();
    throw await explain(error);
  }
}

/** A guest that went down under its cut, and is another boot by now. */
export function rebootedInCut(machine: string): GoqemuError {
  return guestRebooted({ machine, subject: machine, when });
}

/**
 * A reboot that a step has started: the guest goes down under the cut. A guest whose QEMU hangs is not
 * asked: SSH would wait for it for minutes, and say less.
 */
async function findItsReboot(guest: LoudGuest, error: unknown, { signal }: VmCall): Promise<unknown> {
  const { vm, machine, session, begun } = guest;
  signal?.throwIfAborted();
  if (hasErrorCode(error, 'guest-rebooted') || hasErrorCode(error, 'qmp-silent')) return error;
  try {
    await machine.status(signal ? { signal } : {});
  } catch (failure) {
    signal?.throwIfAborted();
    return hasErrorCode(failure, 'timeout') ? qemuHangs(vm.spec.name, failure) : failure;
  }
  const { name } = vm.spec;
  return findReboot(session, { machine: name, subject: name, when, begun, error, signal });
}

function qemuHangs(name: string, cause: GoqemuError): GoqemuError {
  return new GoqemuError({
    code: 'qmp-silent',
    source: 'environment',
    subject: name,
    message: `the QEMU of ${name} does not answer, and neither does its guest: its state could not be saved`,
    detail: cause.message,
    hint: 'the next apply ends this QEMU and starts the machine again; look whether it is stopped, or waits for a disk',
    cause,
  });
}

/**
 * The program that runs commands waits, and is put there where it is not yet: who restores this RAM, or forks it, has
 * commands in it at once.
 */
async function putOnStandby({ vm, machine, session }: LoudGuest, call: VmCall): Promise<Standby | undefined> {
  await session.openChannel(call.signal);
  if (!(await session.releaseChannel())) return undefined;
  const limits = call.signal ? { signal: call.signal } : {};
  await using agent = await machine.agent({ timeoutMs: answerMs, ...limits });
  const standby = await Standby.start(machine, agent, vm.spec.arch, limits);
  vm.trace(standby ? 'cut: a process is on standby' : 'cut: the guest has no process on standby');
  return standby;
}
