import { readFileSync } from 'node:fs';
import { canonicalJson, GoqemuError, type SourceLocation } from '@goqemu/core';
import type { Lab } from '@goqemu/lab';
import { codeFrame } from '../loader/code-frame.ts';

/**
 * Compares two evaluations of one lab.
 *
 * @throws GoqemuError `lab-impure`, at the first declaration that came out differently
 */
export function checkPure(first: Lab, second: Lab): void {
  const difference = firstDifference(first, second);
  if (!difference) return;
  const { what, location } = difference;
  throw new GoqemuError({
    code: 'lab-impure',
    source: 'user',
    message: `evaluated twice, the lab describes ${what} differently`,
    ...(location ? { location, detail: codeFrame(readFileSync(location.file, 'utf8'), location) } : {}),
    hint: 'remove clocks, random values and I/O; make intended variation a parameter',
  });
}

interface Difference {
  readonly what: string;
  readonly location: SourceLocation | undefined;
}

function firstDifference(first: Lab, second: Lab): Difference | undefined {
  for (const [index, network] of first.networks.entries())
    if (!same(network, second.networks[index]))
      return { what: `network ${network.spec.name}`, location: network.location };
  for (const [index, machine] of first.machines.entries()) {
    const again = second.machines[index];
    if (!again || again.name !== machine.name) return { what: `machine ${machine.name}`, location: machine.location };
    for (const [at, step] of machine.steps.entries()) {
      const other = machine.steps.length === again.steps.length ? again.steps[at] : undefined;
      if (!same(step, other)) return { what: `step ${machine.name}/${step.name}`, location: step.location };
    }
    if (!same(machine, again)) return { what: `machine ${machine.name}`, location: machine.location };
  }
  const extra = second.machines[first.machines.length];
  if (extra) return { what: `machine ${extra.name}`, location: extra.location };
  const extraNetwork = second.networks[first.networks.length];
  if (extraNetwork) return { what: `network ${extraNetwork.spec.name}`, location: extraNetwork.location };
  return same(first.outputs, second.outputs) ? undefined : { what: 'its outputs', location: first.location };
}

function same(a: unknown, b: unknown): boolean {
  return comparable(a) === comparable(b);
}

function comparable(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value ?? null)));
}
