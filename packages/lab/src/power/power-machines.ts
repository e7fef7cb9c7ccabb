import type { ObservedMachine } from '../backend/backend.ts';
import { chooseMachines } from '../checkpoint/choose-machines.ts';
import type { PlanNotice } from '../plan/plan.ts';
import { PlanContext } from '../plan/plan-context.ts';
import type { PowerInput } from '../resource/plan-input.ts';
import type { KindPlan, PowerContext } from '../resource/resource-kind.ts';
import { machineRef } from '../resource/resource-ref.ts';
import { observable } from '../state/lab-state.ts';
import { cannotKeepRam } from './power-errors.ts';
import { type PowerDecision, powerRules } from './power-rules.ts';

/** Decides what has to be done with each machine; templates are none. */
export async function powerMachines(input: PowerInput, { before }: PowerContext): Promise<KindPlan> {
  const { read, backend, call, verb, machines: named } = input;
  const { state } = read;
  const machines = chooseMachines(state, named);
  const isRefused = verb === 'suspend' && !backend.capabilities.suspendMachines;
  if (isRefused && machines.length > 0) throw cannotKeepRam(backend.kind, named?.length === 1 ? named[0] : undefined);
  const looked = observable({
    ...state,
    resources: { machine: Object.fromEntries(machines.map((one) => [one.name, one])) },
  });
  const observed: ReadonlyMap<string, ObservedMachine> =
    looked.length === 0
      ? new Map()
      : await backend.observe(
          looked.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
          call,
        );
  const context = new PlanContext(
    {
      ...{ state, observed, stored: new Map(), replace: new Set(), disturbed: new Map(), start: false },
      liveForwards: backend.capabilities.liveForwards,
    },
    before.length,
  );
  for (const machine of machines) {
    const found = observed.get(machine.spec.name);
    const decision = powerRules[verb]({ machine, observed: found, status: found?.status ?? 'absent' });
    carry(context, machine.name, decision, named !== undefined);
  }
  const { operations, notices, preflight } = context;
  return { operations: operations.map(({ place: _place, ...operation }) => operation), notices, preflight };
}

/** A machine that was named and cannot is an error; one of all the lab's is left as it is, and a notice says so. */
function carry(context: PlanContext, name: string, decision: PowerDecision, isNamed: boolean): void {
  if (decision.kind === 'cannot') {
    const { code, why, hint } = decision;
    const message = isNamed ? `${name} ${why}` : `${name} is left as it is: it ${why}`;
    if (isNamed) context.preflight.push({ severity: 'error', code, machine: name, message, hint });
    else context.notices.push({ code, message, hint });
    return;
  }
  if (decision.kind === 'none') return;
  context.notices.push(...(decision.notices ?? []).map((notice): PlanNotice => notice));
  for (const act of decision.acts)
    context.add({ ...act, resource: machineRef(name), ...context.duration(`${act.action}:${name}`, act.action) }, -1);
}
