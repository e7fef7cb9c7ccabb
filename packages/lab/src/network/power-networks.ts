import { optionalVerb } from '../backend/optional-verb.ts';
import { isDown } from '../power/power-verb.ts';
import type { Operation } from '../resource/operation.ts';
import type { PowerInput } from '../resource/plan-input.ts';
import type { KindPlan, PowerContext } from '../resource/resource-kind.ts';
import { machineRef, networkRef, resourceKey } from '../resource/resource-ref.ts';
import { observable } from '../state/lab-state.ts';
import { areParked } from './are-parked.ts';
import { decideStart, type NetworkDecision, type NetworkWork } from './decide-network.ts';
import { labelOf } from './network-members.ts';
import { type NetworkState, networkRows } from './network-state.ts';

/** Networks come up before the machines that are started, as after a reboot of the host, and end with the last machine. */
export async function powerNetworks(input: PowerInput, context: PowerContext): Promise<KindPlan> {
  const decided = isDown(input.verb) ? await networksDown(input, context) : await networksUp(input);
  const operations: Operation[] = [];
  for (const [{ name, spec, machines }, decision] of decided) {
    const last = operations.at(-1);
    const work: NetworkWork = { spec, machines };
    const id = `op-${context.before.length + operations.length + 1}`;
    operations.push({ id, resource: networkRef(name), dependsOn: last ? [last.id] : [], ...decision, work });
  }
  return { operations, notices: [], preflight: [] };
}

type Decided = readonly (readonly [NetworkState, NetworkDecision])[];

async function networksUp(input: PowerInput): Promise<Decided> {
  const { state } = input.read;
  const named = input.machines;
  const rows = madeNetworks(input).filter(
    ({ machines }) => named === undefined || machines.some((machine) => named.includes(labelOf(machine))),
  );
  const observed = await observedNetworks(input, rows);
  const isParked = areParked(state);
  return rows.flatMap((row) => {
    const decision = decideStart(observed?.get(row.name), { isParked });
    return decision ? [[row, decision] as const] : [];
  });
}

/** One process carries all networks: it ends when no machine is left in any of them. */
async function networksDown(input: PowerInput, context: PowerContext): Promise<Decided> {
  const rows = madeNetworks(input);
  if (rows.every(({ machines }) => machines.length === 0) || (await isAnyLeft(input, context, rows))) return [];
  const observed = await observedNetworks(input, rows);
  const decision: NetworkDecision = { action: 'stop', reason: 'no machine in it runs', diff: [] };
  return rows.flatMap((row) => (observed?.get(row.name)?.status === 'running' ? [[row, decision] as const] : []));
}

/** Whether a machine of the networks runs when everything is done that the plan has so far. */
async function isAnyLeft(
  { read: { state }, backend, call }: PowerInput,
  { before }: PowerContext,
  rows: readonly NetworkState[],
): Promise<boolean> {
  const members = new Set(rows.flatMap(({ machines }) => machines.map(({ name }) => name)));
  const goes = new Set(before.map(({ resource }) => resourceKey(resource)));
  const machine = Object.entries(state.resources.machine).filter(
    ([name, { spec }]) => members.has(spec.name) && !goes.has(resourceKey(machineRef(name))),
  );
  const others = observable({ ...state, resources: { machine: Object.fromEntries(machine) } });
  if (others.length < machine.length) return true; // one that is being made
  if (others.length === 0) return false;
  const observed = await backend.observe(
    others.map((one) => ({ machine: one.spec, record: one.record ?? {} })),
    call,
  );
  const still = ['stopped', 'suspended', 'absent', 'crashed'];
  return others.some(({ spec }) => !still.includes(observed.get(spec.name)?.status ?? 'absent'));
}

function madeNetworks({ read: { state } }: PowerInput): readonly NetworkState[] {
  return Object.values(networkRows(state)).filter(({ phase }) => phase === 'made');
}

async function observedNetworks({ backend, call }: PowerInput, rows: readonly NetworkState[]) {
  return rows.length > 0 ? await optionalVerb(backend, 'observeNetworks')?.(call) : undefined;
}
