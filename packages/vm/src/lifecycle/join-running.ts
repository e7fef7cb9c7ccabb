import type { GuestSession } from '@goqemu/guest';
import { throughAgent, throughSession } from '../guest/as-root.ts';
import { joinNetworks } from '../guest/join-networks.ts';
import { cardsDigest } from '../vm/lab-cards.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';

/**
 * Brings a running machine into the networks that its specification says, and out of others.
 *
 * @throws GoqemuError `guest-network-failed`, `vm-stopped`
 */
export async function joinRunning(vm: Vm, session: GuestSession, call: VmCall): Promise<void> {
  await using machine = await vm.machine(call.signal);
  const { agent, cards: known } = await vm.state();
  const run = agent ? throughAgent(machine, call) : throughSession(session, call);
  await joinNetworks(vm, machine, { run, known }, call);
  await vm.update({ cards: cardsDigest(vm.spec) });
}
