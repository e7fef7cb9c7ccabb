import { awaitAddresses, type GuestRunner, prepareCards, setWayOut } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { cardsDigest, guestCards, labCards, managementPci } from '../vm/lab-cards.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';

/** Plugs in the cables of the cards that are in a network, and pulls the others; or pulls all. */
export async function setCables(vm: Vm, machine: Machine, call: VmCall, all: 'as-wanted' | 'pulled' = 'as-wanted') {
  const options = call.signal ? { signal: call.signal } : {};
  for (const { id, ip } of labCards(vm.spec))
    await machine.networks.setLink(id, all === 'as-wanted' && ip !== undefined, options);
}

/**
 * Brings a running guest into the networks of its lab, or out of them. What it knows from before is not
 * repeated: a guest that is restored as itself continues its connections.
 *
 * @param known what the guest knows of its cards, as `cardsDigest` has it
 * @throws GoqemuError `guest-network-failed`
 */
export async function joinNetworks(
  vm: Vm,
  machine: Machine,
  { run, known }: { readonly run: GuestRunner; readonly known: string | undefined },
  call: VmCall,
): Promise<void> {
  const wanted = cardsDigest(vm.spec);
  if (wanted === known) return;
  const cards = guestCards(vm.spec);
  await setCables(vm, machine, call, 'pulled');
  await prepareCards(run, cards);
  await setWayOut(run, { pci: managementPci, isOpen: vm.spec.wayOut === undefined });
  await setCables(vm, machine, call);
  await awaitAddresses(run, cards);
}
