import { type CardIdentity, type NetworkSpec, withMachineNames } from '@goqemu/spec';
import type { NetworkConfiguration, NetworkMachine } from '../backend/networks.ts';
import { labelOf } from './network-members.ts';
import type { NetworkState } from './network-state.ts';

/**
 * All networks of a stack as one configuration. A card that two of them claim has moved, and is in the first of them:
 * rows are written one after another.
 */
export function networkConfiguration(rows: readonly NetworkState[]): NetworkConfiguration {
  const machines = new Map<string, NetworkMachine & { readonly cards: CardIdentity[] }>();
  for (const { machines: own } of rows)
    for (const machine of own) {
      const known = machines.get(machine.name) ?? { ...machine, cards: [] };
      machines.set(machine.name, known);
      known.cards.push(...machine.cards.filter(({ slot }) => known.cards.every((card) => card.slot !== slot)));
    }
  const bySlot = (one: CardIdentity, other: CardIdentity) => one.slot - other.slot;
  const byName = (one: { readonly name: string }, other: { readonly name: string }) => (one.name < other.name ? -1 : 1);
  return {
    networks: rows.map((row) => specForBackend(row)).sort(byName),
    machines: [...machines.values()]
      .filter(({ cards }) => cards.length > 0)
      .map((machine) => ({ ...machine, cards: [...machine.cards].sort(bySlot) }))
      .sort(byName),
  };
}

/** Faults are said of machines by the lab's names for them. */
function specForBackend({ spec, machines }: NetworkState): NetworkSpec {
  if (!spec.faults) return spec;
  const names = new Map(machines.map((machine) => [labelOf(machine), machine.name]));
  return { ...spec, faults: withMachineNames(spec.faults, (label) => names.get(label)) };
}
