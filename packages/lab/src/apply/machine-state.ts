import { internalError } from '@goqemu/core';
import type { Work } from '../plan/work.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { LabState, MachineState } from '../state/lab-state.ts';
import type { LateValues } from '../step/resolve-step.ts';
import type { Road } from './watch-road.ts';

export type WorkOf<Verb extends Work['verb']> = Extract<Work, { verb: Verb }>;

export function stateOf(context: ApplyContext, machine: string): MachineState {
  const found = context.writer.state.resources.machine[machine];
  if (!found) throw internalError(`${machine} is not in the state`);
  return found;
}

/** A machine that is to run from now on. */
export function awake({ power: _power, ...machine }: MachineState): MachineState {
  return machine;
}

export function recordOf(machine: MachineState): Readonly<Record<string, unknown>> {
  return machine.record ?? {};
}

export function lateValues(context: {
  readonly writer: { readonly state: LabState };
  readonly vault: ApplyContext['vault'];
}): LateValues {
  return {
    capture: async (key) => {
      const capture = context.writer.state.captures[key];
      if (!capture) throw internalError(`the output of layer ${key} was not kept`);
      if ('value' in capture) return { value: capture.value, secret: false };
      return { value: await context.vault.decrypt(key, capture.encrypted), secret: true };
    },
    secret: (part) => context.vault.value(part.secret, part.from, context.writer.state),
  };
}

/**
 * @param isReturn the machine that the layer is of was taken back to it
 * @param bytes what it takes by now
 */
export function touchLayer(
  context: ApplyContext,
  key: string | null,
  { isReturn = false, bytes }: { readonly isReturn?: boolean; readonly bytes?: number } = {},
): { layers?: LabState['layers'] } {
  const note = key === null ? undefined : context.writer.state.layers[key];
  if (!note || key === null) return {};
  const usedAt = context.now();
  const now = { ...note, usedAt, ...(bytes === undefined ? {} : { bytes }) };
  return { layers: { [key]: { ...now, ...(isReturn ? { returnedAt: usedAt } : {}) } } };
}

/** What was measured, for estimates: of this machine and of any. */
export function took(context: ApplyContext, measured: Measured): Record<string, number> {
  const { what, name, road, began } = measured;
  const milliseconds = context.now() - began;
  const suffix = road === undefined ? '' : `:${road}`;
  return { [`${what}${suffix}`]: milliseconds, [`${what}:${name}${suffix}`]: milliseconds };
}

export interface Measured {
  readonly what: string;
  readonly name: string;
  /** Where it matters: from the RAM of a layer, or by a boot. */
  readonly road?: Road;
  readonly began: number;
}
