import type { MachineSpec } from '../machine/machine-spec.ts';
import type { DraftOperation, PlanContext } from './plan-context.ts';
import { portsOf } from './plan-make.ts';

/**
 * A machine that takes over a host port, or a backend's name, starts after the one that gives it up, also where that
 * one is declared later. Two that exchange ports cannot both be first: the one declared later waits.
 */
export function orderPortHandovers(context: PlanContext, desired: ReadonlyMap<string, MachineSpec>): void {
  const givers = findGivers(context, desired);
  if (givers.size === 0) return;
  const byId = new Map(context.operations.map((operation) => [operation.id, operation]));
  const order = new Map(context.operations.map((operation, index) => [operation.id, index]));
  for (const [index, { id, work, machine }] of context.operations.entries()) {
    if (!('spec' in work)) continue;
    const taken = [...portsOf(work.spec), work.spec.name.toLowerCase()];
    for (const giver of taken.flatMap((thing) => givers.get(thing) ?? [])) {
      const taker = byId.get(id);
      if (!taker || giver.machine === machine || taker.dependsOn.includes(giver.id)) continue;
      const comesLater = (order.get(giver.id) ?? 0) > index;
      if (comesLater && (!giver.frees || waitsFor(giver.id, id, byId))) continue;
      byId.set(id, { ...taker, dependsOn: [...taker.dependsOn, giver.id] });
    }
  }
  for (const [index, { id }] of context.operations.entries()) {
    context.operations[index] = byId.get(id) as DraftOperation;
  }
}

interface Giver {
  readonly id: string;
  readonly machine: string;
  /** The operation after which the port is free; those after it only follow. */
  readonly frees: boolean;
}

function findGivers(context: PlanContext, desired: ReadonlyMap<string, MachineSpec>): Map<string | number, Giver[]> {
  const givers = new Map<string | number, Giver[]>();
  for (const { id, machine, work } of context.operations) {
    const old = context.facts.state.machines[machine];
    if (!old) continue;
    const stays = desired.get(machine);
    const keeps = new Set(stays ? portsOf(stays) : []);
    const given: (string | number)[] = portsOf(old.spec).filter((port) => !keeps.has(port));
    if (!stays) given.push(old.spec.name.toLowerCase());
    const frees = work.verb === 'restore' || work.verb === 'make' || work.verb === 'delete' || isRestart(work);
    for (const thing of given) givers.set(thing, [...(givers.get(thing) ?? []), { id, machine, frees }]);
  }
  return givers;
}

function isRestart(work: DraftOperation['work']): boolean {
  return work.verb === 'update' && work.restart;
}

/** Whether an operation comes after another one, directly or not. */
function waitsFor(id: string, other: string, operations: ReadonlyMap<string, DraftOperation>): boolean {
  const seen = new Set<string>();
  const next = [id];
  for (let current = next.pop(); current !== undefined; current = next.pop()) {
    if (current === other) return true;
    if (seen.has(current)) continue;
    seen.add(current);
    next.push(...(operations.get(current)?.dependsOn ?? []));
  }
  return false;
}
