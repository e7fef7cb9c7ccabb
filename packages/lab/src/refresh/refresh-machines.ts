import { awake } from '../apply/machine-state.ts';
import type { ObservedMachine } from '../backend/backend.ts';
import { parkedAs } from '../power/parked.ts';
import type { KindDrift, RecordedResources } from '../resource/resource-kind.ts';
import { type MachineState, observable } from '../state/lab-state.ts';

/**
 * What has become of machines. What does not change the way back, such as a machine that is only stopped, is reported and
 * left to the next plan, which looks for itself.
 */
export async function refreshMachines({ state, backend, call }: RecordedResources): Promise<KindDrift> {
  const machines = observable(state);
  if (machines.length === 0) return { drift: [], rows: {} };
  const observed = await backend.observe(
    machines.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
    call,
  );
  const found = machines.map((machine) => driftOf(machine, observed.get(machine.spec.name)));
  return { drift: found.flatMap(({ drift }) => drift), rows: Object.assign({}, ...found.map(({ rows }) => rows)) };
}

function driftOf(machine: MachineState, found: ObservedMachine | undefined): KindDrift {
  const { name } = machine;
  const wanted = machine.spec.kind === 'template' ? 'stopped' : 'running';
  const status = found?.status ?? 'absent';
  const why = found?.reason ? `: ${found.reason}` : '';
  if (status === 'absent') return { drift: [{ name, reason: `its disk is gone${why}` }], rows: { [name]: null } };
  const runs = status === 'running' && machine.ready && machine.power !== undefined;
  const drift = [
    ...(status === wanted || parkedAs(machine, found) ? [] : [{ name, reason: `it is ${status}${why}` }]),
    ...(runs ? [{ name, reason: `it runs, although it was ${machine.power}` }] : []),
  ];
  const now = runs ? awake(machine) : machine;
  const index = machine.applied.findIndex((step) => step.key === found?.layer);
  const hasMoved = found?.layer !== undefined && found.layer !== machine.layer && index >= 0 && !machine.dirty;
  if (!hasMoved) return { drift, rows: runs ? { [name]: now } : {} };
  return {
    drift: [...drift, { name, reason: `it stands on the layer after "${machine.applied[index]?.name}"` }],
    rows: { [name]: { ...now, layer: found.layer, applied: machine.applied.slice(0, index + 1) } },
  };
}
