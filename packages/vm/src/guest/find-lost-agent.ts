import { hasErrorCode } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';

/** Milliseconds for an agent that was there to answer; an emulated guest on a busy host takes some tenths of a second. */
const answerMs = 10_000;

/**
 * Whether the guest has an agent now. One that was there and has ended is put down as absent until the next start: the
 * layer that is about to be cut holds a guest without one, and a restore of it must not count on it.
 *
 * @param explain finds another reason for its silence, such as a reboot, which is thrown then
 */
export async function findLostAgent(
  vm: Vm,
  machine: Machine,
  explain: (silence: unknown) => Promise<unknown>,
  call: VmCall,
): Promise<boolean> {
  const { agent = false } = await vm.state();
  if (!agent) return false;
  try {
    await using client = await machine.agent({ timeoutMs: answerMs, ...(call.signal ? { signal: call.signal } : {}) });
    await client.ping();
    return true;
  } catch (error) {
    if (!hasErrorCode(error, 'qga-not-responding')) throw error;
    const reason = await explain(error);
    if (reason !== error) throw reason;
    await vm.update({ agent: false });
    call.onProgress?.({
      kind: 'notice',
      code: 'agent-silent',
      message: `the guest agent of ${vm.spec.name} does not answer any more: SSH is used until the next start`,
    });
    return false;
  }
}
