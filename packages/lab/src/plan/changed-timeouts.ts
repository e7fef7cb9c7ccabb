import { isDeepStrictEqual } from 'node:util';
import type { MachineTimeouts } from '@goqemu/spec';
import type { LabState, ResourcesPatch } from '../state/lab-state.ts';
import type { DesiredMachine } from './desired-machine.ts';

/** By machine: time-outs that are recorded with an apply, although they change nothing of the machine. */
type ChangedTimeouts = Readonly<Record<string, MachineTimeouts>>;

/** Where the lab gives a machine other time-outs than the state has. */
export function changedTimeouts(state: LabState, wanted: readonly DesiredMachine[]): ChangedTimeouts {
  return Object.fromEntries(
    wanted.flatMap(({ declaration: { name }, spec: { timeouts } }) => {
      const recorded = state.resources.machine[name];
      return recorded && !isDeepStrictEqual(recorded.spec.timeouts, timeouts) ? [[name, timeouts]] : [];
    }),
  );
}

/** The rows of machines whose recorded time-outs are still others; undefined where all are as they should be. */
export function timeoutRows(state: LabState, changed: ChangedTimeouts = {}): ResourcesPatch['machine'] {
  const rows = Object.entries(changed).flatMap(([name, timeouts]) => {
    const row = state.resources.machine[name];
    if (!row || isDeepStrictEqual(row.spec.timeouts, timeouts)) return [];
    return [[name, { ...row, spec: { ...row.spec, timeouts } }] as const];
  });
  return rows.length > 0 ? Object.fromEntries(rows) : undefined;
}
