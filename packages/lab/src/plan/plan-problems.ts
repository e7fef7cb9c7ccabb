import { formatByteSize } from '@goqemu/core';
import { hostPortOf, manualName } from '@goqemu/spec';
import type { PortProblem, Preflight } from '../backend/backend.ts';
import { parkedAs } from '../power/parked.ts';
import type { DesiredMachine } from './desired-machine.ts';
import type { PlanContext } from './plan-context.ts';
import { recordedMachine } from './recorded-machine.ts';
import { memoryFor } from './work.ts';

export function protectionProblems(context: PlanContext, wanted: readonly DesiredMachine[]): readonly Preflight[] {
  const declared = new Map(wanted.map((machine) => [machine.declaration.name, machine.declaration]));
  return context.operations.flatMap((operation): Preflight[] => {
    const destroys = operation.action === 'delete' || operation.action === 'replace';
    const { name } = operation.resource;
    const isProtected = declared.get(name)?.protect ?? context.facts.state.resources.machine[name]?.protect ?? false;
    if (!destroys || !isProtected) return [];
    return [
      {
        severity: 'error',
        code: 'protected',
        machine: name,
        message: `${name} is protected, and this plan would ${operation.action} it: ${operation.reason}`,
        hint: 'set protect: false in the lab and apply that first, or exclude the machine',
      },
    ];
  });
}

/** goqemu cannot repeat the work in an imported machine: it is recreated only on request. */
export function importProblems(context: PlanContext): readonly Preflight[] {
  const { state, replace } = context.facts;
  return context.operations.flatMap(({ action, resource: { name: machine }, reason }): Preflight[] => {
    if (action !== 'replace' || !state.resources.machine[machine]?.imported || replace.has(machine)) return [];
    return [
      {
        severity: 'error',
        code: 'imported',
        machine,
        message: `${machine} was imported, and this plan would end it and make a new machine in its place: ${reason}`,
        hint: `undo the change in the lab, or ask for a new machine: --replace ${machine} (the files of the old one stay)`,
      },
    ];
  });
}

/** Its devices are those that it was started with. */
export function importedNetworkProblems(context: PlanContext, wanted: readonly DesiredMachine[]): readonly Preflight[] {
  return wanted.flatMap(({ spec, declaration: { name: machine } }): Preflight[] => {
    if (
      !context.facts.state.resources.machine[machine]?.imported ||
      !spec.networks ||
      context.facts.replace.has(machine)
    )
      return [];
    return [
      {
        severity: 'error',
        code: 'imported',
        machine,
        message: `${machine} was imported, and has no cards for the networks of the lab`,
        hint: `take networks out of ${machine} in the lab, or ask for a new machine: --replace ${machine}`,
      },
    ];
  });
}

export function portProblems(ports: readonly PortProblem[], wanted: readonly DesiredMachine[]): readonly Preflight[] {
  return ports.map(({ port, code, message, hint }) => {
    const owner = wanted.find((machine) => machine.declaration.fixedPorts.includes(port))?.declaration.name;
    return {
      severity: 'error',
      code,
      message: owner === undefined ? message : `${owner}: ${message}`,
      hint: hint ?? 'leave the host port out and goqemu chooses a free one, or end the other program',
      ...(owner === undefined ? {} : { machine: owner }),
    };
  });
}

/** A port that the lab gives to one machine was given to another manually, which the lab does not say. */
export function manualPortProblems(wanted: readonly DesiredMachine[]): readonly Preflight[] {
  return wanted.flatMap(({ declaration: { name }, spec: { forwards } }) =>
    Object.values(forwards).flatMap((forward): readonly Preflight[] => {
      const port = hostPortOf(forward);
      const taker = wanted.find(({ declaration }) => declaration.fixedPorts.includes(port))?.declaration.name;
      if (!forward.manual || taker === undefined) return [];
      return [
        {
          severity: 'error',
          code: 'port-taken',
          machine: taker,
          message: `${taker}: port ${forward.host} of the host was forwarded to ${name} manually`,
          hint: `take that forward away: goqemu forward ${name} --remove ${manualName(forward)}`,
        },
      ];
    }),
  );
}

/** A plan that starts no machine needs no memory: what runs has it already. */
export async function memoryProblems(
  context: PlanContext,
  wanted: readonly DesiredMachine[],
  budgetOf: () => Promise<number>,
): Promise<readonly Preflight[]> {
  if (context.operations.every((operation) => memoryFor(operation.work) === undefined)) return [];
  const machines = wanted.filter((machine) => machine.spec.kind === 'vm' && !staysAsleep(context, machine));
  const sum = machines.reduce((total, machine) => total + machine.spec.memory, 0);
  const largest = [...machines, ...wanted.filter(({ spec }) => spec.kind === 'template')].reduce(
    (most, machine) => Math.max(most, machine.spec.memory),
    0,
  );
  const budget = await budgetOf();
  if (Math.max(sum, largest) <= budget) return [];
  return [
    {
      severity: 'error',
      code: 'memory-short',
      message: `the machines of the lab need ${formatByteSize(Math.max(sum, largest))} of memory together, and this host has ${formatByteSize(budget)}`,
      hint: 'give the machines less memory, or apply some of them with --target',
    },
  ];
}

/** Stopped or suspended on purpose, and left so. */
function staysAsleep({ facts, operations }: PlanContext, { declaration: { name } }: DesiredMachine): boolean {
  const recorded = recordedMachine(facts.state, name);
  const parked = recorded && parkedAs(recorded, facts.observed.get(name));
  const isStarted = () =>
    operations.some(({ resource, work }) => resource.name === name && memoryFor(work) !== undefined);
  return parked !== undefined && parked !== 'paused' && !isStarted();
}

/** A problem with the place of the machine that it is about. */
export function located(problem: Preflight, wanted: readonly DesiredMachine[]): Preflight {
  if (problem.severity !== 'error' || problem.location || problem.machine === undefined) return problem;
  const location = wanted.find(({ declaration }) => declaration.name === problem.machine)?.declaration.location;
  return location ? { ...problem, location } : problem;
}
