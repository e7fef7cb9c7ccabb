import type { Lab } from '../evaluate/lab.ts';
import { sourcesOf } from '../value/text.ts';

/** Which machines each one needs: those it starts from, waits for, or takes output from. */
export function machineDependencies(lab: Lab): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    lab.machines.map((machine) => {
      const needs = new Set<string>();
      if (machine.from) needs.add(machine.from.machine);
      for (const dependency of machine.after) needs.add(dependency.machine);
      for (const step of machine.steps) {
        for (const dependency of step.after) needs.add(dependency.machine);
        const texts = [
          ...Object.values(step.environment),
          ...(step.kind === 'run' ? [step.script] : []),
          ...(step.kind === 'file' ? [step.contents] : []),
          ...(step.kind === 'render' ? Object.values(step.values) : []),
        ];
        for (const text of texts) {
          for (const source of sourcesOf(text)) if ('capture' in source) needs.add(source.capture.machine);
        }
      }
      needs.delete(machine.name);
      return [machine.name, needs];
    }),
  );
}

/** The machines that a plan is about: all, or the chosen ones and what they need, without what needs the excluded ones. */
export function selectMachines(
  lab: Lab,
  target: readonly string[] | undefined,
  exclude: readonly string[] | undefined,
): ReadonlySet<string> {
  const needs = machineDependencies(lab);
  const chosen = new Set<string>();
  const take = (name: string): void => {
    if (chosen.has(name)) return;
    chosen.add(name);
    for (const other of needs.get(name) ?? []) take(other);
  };
  for (const machine of lab.machines) if (!target?.length || target.includes(machine.name)) take(machine.name);
  const left = new Set(exclude);
  // Machines are declared after what they need, so one pass finds everything that leans on an excluded one.
  for (const machine of lab.machines) {
    if ([...(needs.get(machine.name) ?? [])].some((other) => left.has(other))) left.add(machine.name);
  }
  return new Set([...chosen].filter((name) => !left.has(name)));
}
