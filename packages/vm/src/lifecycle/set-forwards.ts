import { GoqemuError, hasErrorCode } from '@goqemu/core';
import type { Machine } from '@goqemu/machine';
import { portTaken, portUse } from '@goqemu/network';
import { hostPortOf } from '@goqemu/spec';
import { forwardsOf, type GuestForward, loopbackForward, readForwards, usernetMs } from '../vm/forwards.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { networkOf } from '../vm/vm-network.ts';

/** The card that forwards lead to. */
export const managementCard = 'net0';

/**
 * Forwards to a running machine the ports that its specification says, and no others: what it has is read from its QEMU.
 * What fails leaves the ports as they were.
 *
 * @throws GoqemuError `vm-stopped`; `port-taken` naming who has it; `forward-refused` for a machine whose ports passt has
 */
export async function setForwards(vm: Vm, call: VmCall): Promise<void> {
  await using machine = await vm.machine(call.signal);
  if (networkOf(vm.spec).kind === 'passt') throw heldByPasst(vm.spec.name);
  await putForwards(vm, machine, call);
}

/** The same of a machine that runs already, where QEMU has its ports. */
export async function putForwards(vm: Vm, machine: Machine, call: VmCall): Promise<void> {
  if (networkOf(vm.spec).kind === 'passt') return; // it has those that it was started with
  const options = call.signal ? { signal: call.signal } : {};
  const there = readForwards(await machine.humanMonitor('info usernet', { timeoutMs: usernetMs, ...options }));
  const wanted = forwardsOf(vm.spec);
  const gone = there.filter((one) => !wanted.some((other) => isSame(one, other)));
  const fresh = wanted.filter((one) => !there.some((other) => isSame(one, other)));
  const done: GuestForward[] = [];
  const add = (one: GuestForward) => machine.networks.addForward(managementCard, loopbackForward(one), options);
  const remove = (one: GuestForward) => machine.networks.removeForward(managementCard, loopbackForward(one), options);
  for (const one of gone) await remove(one);
  try {
    for (const one of fresh) {
      await add(one).catch((error: unknown) => refused(error, vm, one));
      done.push(one);
    }
  } catch (error) {
    for (const one of done) await remove(one);
    for (const one of gone) await add(one);
    throw error;
  }
}

function isSame(one: GuestForward, other: GuestForward): boolean {
  return hostPortOf(one) === hostPortOf(other) && one.guest === other.guest;
}

/** QEMU does not say who has the port; the host does. */
async function refused(error: unknown, vm: Vm, forward: GuestForward): Promise<never> {
  const use = hasErrorCode(error, 'port-taken') ? await portUse(hostPortOf(forward)) : undefined;
  throw use ? portTaken(use, vm.spec.name) : error;
}

function heldByPasst(name: string): GoqemuError {
  return new GoqemuError({
    code: 'forward-refused',
    source: 'environment',
    subject: name,
    message: `the forwarded ports of ${name} cannot change while it runs: passt has them, which is given its ports when it starts`,
    hint: `stop ${name}, change the forward, and start it again`,
  });
}
