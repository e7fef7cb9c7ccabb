import type { EngineContext } from '../engine-context/engine-context.ts';
import type { PowerOptions } from '../engine-context/engine-options.ts';
import type { Plan } from '../plan/plan.ts';
import { makePowerPlan } from './make-power-plan.ts';
import type { PowerVerb } from './power-verb.ts';

/** @throws GoqemuError `machine-unknown`, `suspend-refused` */
export async function planPower(
  context: EngineContext,
  verb: PowerVerb,
  { machines, signal }: PowerOptions,
): Promise<Plan> {
  const read = await context.read();
  const call = context.plainCall(read.state.lineage, verb, signal);
  const input = { read, backend: context.backend, call, verb, ...(machines?.length ? { machines } : {}) };
  return makePowerPlan(input, context.kinds, context.now());
}
