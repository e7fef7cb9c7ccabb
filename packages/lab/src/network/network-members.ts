import type { MachineIdentity } from '@goqemu/spec';
import type { NetworkMachine } from '../backend/networks.ts';
import { backendNames } from '../plan/backend-names.ts';
import { isRemoved } from '../plan/removals.ts';
import type { KindInput } from '../resource/plan-input.ts';
import { machineRef, resourceKey } from '../resource/resource-ref.ts';
import type { LabState } from '../state/lab-state.ts';

interface Member {
  /** As the lab calls it. */
  readonly label: string;
  /** The backend's name for it. */
  readonly name: string;
  readonly identity: MachineIdentity;
}

/**
 * The machines that are to be in networks once a plan is carried out: those of the plan as the lab wants them, the others
 * as they are.
 *
 * @param state with the plan's renames
 */
export function networkMembers(input: KindInput, state: LabState): readonly Member[] {
  const { lab, selected } = input;
  const names = lab ? backendNames(lab, state) : new Map<string, string>();
  const wanted = new Map(
    lab?.machines.flatMap(({ name, identity }) =>
      selected.has(resourceKey(machineRef(name)))
        ? [[name, { label: name, name: names.get(name) ?? name, identity }] as const]
        : [],
    ),
  );
  const kept = Object.values(state.resources.machine).flatMap(({ name, spec }): Member[] =>
    wanted.has(name) || isRemoved(input, name) ? [] : [{ label: name, name: spec.name, identity: spec.identity }],
  );
  return [...wanted.values(), ...kept];
}

/** Those of one network, with their cards in it. */
export function machinesOf(network: string, members: readonly Member[]): readonly NetworkMachine[] {
  return members.flatMap(({ label, name, identity: { hostname, cards = [] } }) => {
    const own = cards.filter((card) => card.network === network);
    return own.length === 0 ? [] : [{ name, hostname, aliases: label === hostname ? [] : [label], cards: own }];
  });
}

/** What the lab calls it. */
export function labelOf({ aliases, hostname }: NetworkMachine): string {
  return aliases[0] ?? hostname;
}
