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
