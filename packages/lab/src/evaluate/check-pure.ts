import { canonicalJson, GoqemuError, type SourceLocation } from '@goqemu/core';
import type { Lab } from './lab.ts';

/**
 * Compares two evaluations of one lab. A lab that uses the time, a random number or anything else that moves
 * would be changed by every plan.
 *
 * @throws GoqemuError `lab-impure`, with the place of the first declaration that differs
 */
export function checkPure(first: Lab, second: Lab): void {
  for (const [index, machine] of first.machines.entries()) {
    const twin = second.machines[index];
    if (machine.name !== twin?.name)
      throw impure(`the machine "${machine.name}"`, machine.location, machine.name, twin?.name);
    for (const [at, step] of machine.steps.entries()) {
      const other = twin.steps[at];
      if (canonicalJson(step) !== canonicalJson(other)) {
        throw impure(`the step ${machine.name}/${step.name}`, step.location, step, other);
      }
    }
    if (canonicalJson(machine) !== canonicalJson(twin)) {
      throw impure(`the machine "${machine.name}"`, machine.location, machine, twin);
    }
  }
  const extra = second.machines[first.machines.length];
  if (extra) throw impure(`the machine "${extra.name}"`, extra.location, undefined, extra.name);
  if (canonicalJson(first.outputs) !== canonicalJson(second.outputs)) {
    throw impure('the output', first.location, first.outputs, second.outputs);
  }
}

function impure(what: string, location: SourceLocation | undefined, before: unknown, after: unknown): GoqemuError {
  const [path, a, b] = firstDifference(before, after, '');
  return new GoqemuError({
    code: 'lab-impure',
    source: 'user',
    message: `${what} is not the same when the lab is evaluated a second time`,
    detail: `${path === '' ? '' : `${path}: `}${JSON.stringify(a) ?? 'nothing'}, then ${JSON.stringify(b) ?? 'nothing'}`,
    hint: 'take the value from a parameter, a capture or a generated secret instead of the time or a random number',
    ...(location ? { location } : {}),
  });
}

function firstDifference(a: unknown, b: unknown, path: string): [string, unknown, unknown] {
  const both = typeof a === 'object' && typeof b === 'object' && a !== null && b !== null;
  if (!both) return [path, a, b];
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const key = [...Object.keys(left), ...Object.keys(right)].find(
    (one) => canonicalJson(left[one]) !== canonicalJson(right[one]),
  );
  if (key === undefined) return [path, a, b];
  return firstDifference(left[key], right[key], path === '' ? key : `${path}.${key}`);
}
