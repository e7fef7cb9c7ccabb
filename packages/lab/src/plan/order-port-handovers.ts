import { internalError } from '@goqemu/core';
import { hostPortOf, hostPortsOf, type MachineSpec, type PortForward, shownForward } from '@goqemu/spec';
import type { ObservedMachine } from '../backend/backend.ts';
import { machineRef } from '../resource/resource-ref.ts';
import { inDependencyOrder, waitsFor } from './operation-order.ts';
import type { DraftOperation, PlanContext } from './plan-context.ts';

/**
 * A machine that takes over a host port, or a backend's name, starts after the one that gives it up, also where that
 * one is declared later. Where each would wait for the other, one is stopped first and started again at its own turn:
 * two machines exchange their ports in one apply.
 */
export function orderPortHandovers(context: PlanContext, desired: ReadonlyMap<string, MachineSpec>): void {
  let changed = false;
  for (const giver of givers(context, desired)) {
    for (const taker of takers(context, giver)) changed = handOver(context, giver, taker) || changed;
  }
  if (changed) context.operations.splice(0, context.operations.length, ...inDependencyOrder(context.operations));
}

interface Giver {
  readonly machine: string;
  /** The operation after which they are free; those of the machine after it only follow. */
  readonly id: string;
  readonly gives: ReadonlySet<string | number>;
}

function givers(context: PlanContext, desired: ReadonlyMap<string, MachineSpec>): readonly Giver[] {
  const found = new Map<string, Giver>();
  for (const operation of context.operations) {
    const { id, work } = operation;
    const machine = operation.resource.name;
    const old = context.facts.state.resources.machine[machine];
    if (!old || found.has(machine) || !(frees(work) || isHeal(context, operation))) continue;
    const stays = desired.get(machine);
    const keeps = new Set(stays ? hostPortsOf(stays) : []);
    // One that does not run holds no port.
    const isOff = isAsleep(context.facts.observed.get(machine)?.status) && !isRecut(work);
    const gives = new Set<string | number>(isOff ? [] : hostPortsOf(old.spec).filter((port) => !keeps.has(port)));
    if (!stays) gives.add(old.spec.name.toLowerCase());
    found.set(machine, { machine, id, gives });
  }
  return [...found.values()];
}

function frees(work: DraftOperation['work']): boolean {
  return work.verb === 'restore' || work.verb === 'make' || work.verb === 'delete' || isRestart(work) || isLive(work);
}

/** Its ports change while it runs. */
function isLive(work: DraftOperation['work']): boolean {
  return work.verb === 'update' && work.forwards === true;
}

/** It runs, with the ports that it had when what was done with it was interrupted. */
function isHeal({ facts }: PlanContext, { resource, work }: DraftOperation): boolean {
  return work.verb === 'start' && facts.observed.get(resource.name)?.status === 'running';
}

function isRestart(work: DraftOperation['work']): boolean {
  return work.verb === 'update' && work.restart;
}

interface Taker {
  readonly id: string;
  readonly machine: string;
  readonly taken: readonly (string | number)[];
}

/** For each machine that takes something over, the operation that starts it. */
function takers(context: PlanContext, giver: Giver): readonly Taker[] {
  const found = new Map<string, Taker>();
  for (const { id, resource, work } of context.operations) {
    const machine = resource.name;
    if (machine === giver.machine || found.has(machine) || !('spec' in work)) continue;
    if (work.verb === 'update' && !work.restart && !isLive(work)) continue;
    const taken = [...hostPortsOf(work.spec), work.spec.name.toLowerCase()].filter((thing) => giver.gives.has(thing));
    if (taken.length > 0) found.set(machine, { id, machine, taken });
  }
  return [...found.values()];
}

/** Lets the taker wait. Returns whether the plan is another one now. */
function handOver(context: PlanContext, giver: Giver, taker: Taker): boolean {
  const { operations } = context;
  const operation = operationOf(context, taker.id);
  if (operation.dependsOn.includes(giver.id)) return false;
  let after = giver.id;
  if (waitsFor(giver.id, taker.id, operations)) {
    if (!holdsPorts(context, giver)) return false;
    const next = operationOf(context, giver.id);
    const isUp = context.facts.liveForwards && (isLive(next.work) || isHeal(context, next));
    after = isUp ? releaseFirst(context, giver, next) : stopFirst(context, giver, taker);
    if (waitsFor(after, taker.id, operations)) return false;
  }
  operations[operations.indexOf(operation)] = { ...operation, dependsOn: [...operation.dependsOn, after] };
  return true;
}

function operationOf({ operations }: PlanContext, id: string): DraftOperation {
  return operations.find((operation) => operation.id === id) as DraftOperation;
}

/** Whether it has its old ports now, or will have them for a checkpoint that is cut again. */
function holdsPorts(context: PlanContext, { id, machine }: Giver): boolean {
  const status = context.facts.observed.get(machine)?.status;
  const { work } = operationOf(context, id);
  return status === 'running' || status === 'paused' || isRecut(work);
}

function isRecut(work: DraftOperation['work']): boolean {
  return work.verb === 'update' && work.recut;
}

function isAsleep(status: ObservedMachine['status'] | undefined): boolean {
  return status === 'stopped' || status === 'suspended';
}

/** The operation that takes forwards away from the giver before its turn, which is added unless it is there already. */
function releaseFirst(context: PlanContext, { machine, gives }: Giver, next: DraftOperation): string {
  const before = context.operations.find(
    ({ id, resource, work }) => resource.name === machine && isLive(work) && next.dependsOn.includes(id),
  );
  if (before) return before.id;
  const recorded = context.facts.state.resources.machine[machine];
  if (!recorded) throw internalError(`${machine} is not in the state`);
  const { spec, protect, retain, checkpoints } = recorded;
  const staying = Object.entries(spec.forwards).filter(([, forward]) => !gives.has(hostPortOf(forward)));
  const going = Object.keys(spec.forwards).filter((name) => !staying.some(([other]) => other === name));
  return context.addBefore(next, {
    action: 'update',
    resource: machineRef(machine),
    reason: 'another machine takes over its ports, and each of the two waits for the other',
    changeClass: 'live',
    diff: going.map((name) => ({
      property: `forward.${name}`,
      before: shownForward(spec.forwards[name] as PortForward),
    })),
    work: {
      verb: 'update',
      spec: { ...spec, forwards: Object.fromEntries(staying) },
      restart: false,
      facts: { protect, retain },
      checkpoints,
      describe: [],
      recut: false,
      forwards: true,
    },
  });
}

/** The operation that stops the giver before its turn, which is added unless it is there already. */
function stopFirst(context: PlanContext, giver: Giver, taker: Taker): string {
  const { machine } = giver;
  const next = recutFirst(context, operationOf(context, giver.id));
  const before = context.operations.find(
    (one) => one.resource.name === machine && one.work.verb === 'stop' && next.dependsOn.includes(one.id),
  );
  if (before) return before.id;
  return context.addBefore(next, {
    action: 'stop',
    resource: machineRef(machine),
    reason: `${taker.machine} takes over port ${taker.taken.join(' and ')}, and each of the two machines waits for the other`,
    changeClass: 'restart',
    diff: [],
    ...context.duration(`stop:${machine}`, 'stop'),
    work: { verb: 'stop' },
  });
}

/** A cut is of a machine that runs, on the ports that it has: it comes before the stop. */
function recutFirst(context: PlanContext, operation: DraftOperation): DraftOperation {
  const { work } = operation;
  if (work.verb !== 'update' || !work.recut) return operation;
  const { seen: _seen, ...restart } = work;
  const later = { ...operation, work: { ...restart, recut: false, describe: [] } };
  context.operations[context.operations.indexOf(operation)] = later;
  const { estimateMs: _estimate, id: _id, dependsOn: _dependsOn, ...rest } = operation;
  const reason = 'taking a checkpoint was interrupted';
  context.addBefore(later, { ...rest, reason, changeClass: 'live', diff: [], work: { ...work, restart: false } });
  return operationOf(context, operation.id);
}
