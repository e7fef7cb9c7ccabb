import { hasErrorCode } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { answerMs } from './guest-clock.ts';

/** Milliseconds in which an agent that was there usually answers; one that has its port open still has `answerMs` more. */
const usuallyMs = 10_000;

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
  const limits = call.signal ? { signal: call.signal } : {};
  const silence = await askAgent(machine, usuallyMs, limits);
  if (!silence) return true;
  const reason = await explain(silence);
  if (reason !== silence) throw reason;
  if ((await machine.isAgentPortTaken(limits)) && !(await askAgent(machine, answerMs, limits))) return true;
  await vm.update({ agent: false });
  call.onProgress?.({
    kind: 'notice',
    code: 'agent-silent',
    message: `the guest agent of ${vm.spec.name} does not answer any more: SSH is used until the next start`,
  });
  return false;
}

/** @returns the error of one that does not answer */
async function askAgent(
  machine: Machine,
  timeoutMs: number,
  limits: { readonly signal?: AbortSignal },
): Promise<unknown> {
  try {
    await using client = await machine.agent({ timeoutMs, ...limits });
    await client.ping();
    return undefined;
  } catch (error) {
    if (!hasErrorCode(error, 'qga-not-responding')) throw error;
    return error;
  }
}
