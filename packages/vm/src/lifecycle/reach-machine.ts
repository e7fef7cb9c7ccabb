import { hasErrorCode } from '@goqemu/core';
import { type Machine, probeMachine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';

/** Milliseconds for the monitor that is there for readers, when the other one was silent: a busy host is slow. */
const secondLookMs = 10_000;

/**
 * The QEMU of a machine on record; undefined when it has ended, and when it does not answer on any of its monitors: it
 * was stopped (SIGSTOP) or hangs, and only its end helps. One that answers readers has its monitor taken by another client.
 *
 * @throws GoqemuError what attaching throws
 */
export async function reachMachine(vm: Vm, call: VmCall): Promise<Machine | undefined> {
  const { machine: record } = await vm.state();
  if (!record) return undefined;
  const signal = call.signal ? { signal: call.signal } : {};
  try {
    return await vm.machine(call.signal);
  } catch (error) {
    call.signal?.throwIfAborted();
    if (hasErrorCode(error, 'machine-gone')) return undefined;
    const probe = await probeMachine(record, { timeoutMs: secondLookMs, ...signal });
    if (probe === 'gone') return undefined;
    if (probe !== 'unresponsive') throw error;
    call.onProgress?.({
      kind: 'notice',
      code: 'machine-hangs',
      message: `the QEMU of ${vm.spec.name} does not answer and is ended`,
    });
    return undefined;
  }
}
