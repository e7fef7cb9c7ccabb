import type { MachineSpec } from '../machine/machine-spec.ts';
import type { PlanContext } from './plan-context.ts';
import { portsOf } from './plan-make.ts';

/** A machine that takes over a host port, or a backend's name, starts after the one that gives it up. */
export function orderPortHandovers(context: PlanContext, desired: ReadonlyMap<string, MachineSpec>): void {
  const givers = new Map<string | number, { machine: string; ids: string[] }>();
  for (const operation of context.operations) {
    const old = context.facts.state.machines[operation.machine];
    if (!old) continue;
    const stays = desired.get(operation.machine);
    const keeps = new Set(stays ? portsOf(stays) : []);
    const given: (string | number)[] = portsOf(old.spec).filter((port) => !keeps.has(port));
    if (!stays) given.push(old.spec.name.toLowerCase());
    for (const thing of given) {
      const giver = givers.get(thing) ?? { machine: operation.machine, ids: [] };
      givers.set(thing, giver);
      giver.ids.push(operation.id);
    }
  }
  if (givers.size === 0) return;
  const order = new Map(context.operations.map((operation, index) => [operation.id, index]));
  for (const [index, operation] of context.operations.entries()) {
    const { work } = operation;
    if (!('spec' in work)) continue;
    const taken = [...portsOf(work.spec), work.spec.name.toLowerCase()];
    const before = taken.flatMap((thing) => {
      const giver = givers.get(thing);
      if (!giver || giver.machine === operation.machine) return [];
      return giver.ids.filter((id) => (order.get(id) ?? 0) < index);
    });
    if (before.length === 0) continue;
    context.operations[index] = { ...operation, dependsOn: [...new Set([...operation.dependsOn, ...before])] };
  }
}
