import { optionalVerb } from '../backend/optional-verb.ts';
import { renamesOf, withRenames } from '../machine/rename-machine.ts';
import { isInPlan } from '../plan/removals.ts';
import type { Operation } from '../resource/operation.ts';
import type { KindInput } from '../resource/plan-input.ts';
import type { DiffContext, KindPlan } from '../resource/resource-kind.ts';
import { machineRef, networkRef, resourceKey } from '../resource/resource-ref.ts';
import { areParked } from './are-parked.ts';
import { decideNetwork, type NetworkWork } from './decide-network.ts';
import type { FoundNetworks } from './found-networks.ts';
import { machinesOf, networkMembers } from './network-members.ts';
import { networkProblems } from './network-problems.ts';
import { networkRows } from './network-state.ts';

/** Looks at everything that a decision about networks may hang on. Read-only; a lab without networks asks for nothing. */
export async function readNetworks(input: KindInput): Promise<FoundNetworks> {
  const { lab, read, backend, call, selected } = input;
  const rows = networkRows(read.state);
  const chosen = lab?.networks.filter(({ spec }) => selected.has(resourceKey(networkRef(spec.name)))) ?? [];
  const machines = lab?.machines.filter(({ name }) => selected.has(resourceKey(machineRef(name)))) ?? [];
  const state = withRenames(read.state, renamesOf(read.state.resources.machine, machines));
  const members = networkMembers(input, state);
  const wanted = chosen.map((network) => ({
    spec: network.spec,
    machines: machinesOf(network.spec.name, members),
    get location() {
      return network.location;
    },
  }));
  const isNew = wanted.some(({ spec }) => rows[spec.name]?.spec.cidr !== spec.cidr);
  const [observed, taken] = await Promise.all([
    Object.keys(rows).length > 0 ? optionalVerb(backend, 'observeNetworks')?.(call) : undefined,
    isNew ? optionalVerb(backend, 'hostRoutes')?.(call) : undefined,
  ]);
  return { input, wanted, rows, observed: observed ?? new Map(), taken: taken ?? [] };
}

/**
 * Decides what has to be done with networks. One of them is changed after another, for one process carries all of them;
 * those that go go last.
 */
export async function diffNetworks(found: FoundNetworks, { operations: before }: DiffContext): Promise<KindPlan> {
  const { input, wanted, rows } = found;
  const operations: Operation[] = [];
  const standby = new Set<string>();
  const quiet = new Map<string, NetworkWork>();
  const isParked = areParked(input.read.state);
  // One that runs all the same, since a stop was interrupted, is changed while it does.
  const isCarried = [...found.observed.values()].some(({ status }) => status === 'running');
  const isQuiet = isParked && !isCarried && staysParked(found);
  const add = (name: string, what: Omit<Operation, 'id' | 'resource' | 'dependsOn'>): Operation => {
    const last = operations.at(-1);
    const id = `op-${before + operations.length + 1}`;
    const operation = { id, resource: networkRef(name), dependsOn: last ? [last.id] : [], ...what };
    operations.push(operation);
    return operation;
  };
  for (const network of wanted) {
    const { spec, machines } = network;
    const decision = decideNetwork(network, rows[spec.name], { observed: found.observed.get(spec.name), isParked });
    if (!decision) continue;
    const operation = add(spec.name, { ...decision, work: { spec, machines } });
    if (isParked && operation.action === 'start') standby.add(operation.id);
    else if (isQuiet) quiet.set(operation.id, { spec, machines, isParked: true });
    // A place is worked out when the plan is saved or the operation fails.
    Object.defineProperty(operation, 'location', { get: () => network.location, enumerable: true });
  }
  const declared = new Set(input.lab?.networks.map(({ spec }) => spec.name));
  for (const { name, spec } of Object.values(rows)) {
    if (declared.has(name) || !isInPlan(networkRef(name), input)) continue;
    const reason = input.lab ? 'it is no longer in the lab' : 'the lab is destroyed';
    const { id } = add(name, { action: 'delete', reason, diff: [], work: { spec, machines: [] } });
    if (isQuiet) quiet.set(id, { spec, machines: [], isParked: true });
  }
  const later = { ...(standby.size > 0 ? { standby } : {}), ...(quiet.size > 0 ? { quiet } : {}) };
  return { operations, ...later, notices: [], preflight: networkProblems(found) };
}

/**
 * Whether no machine that runs comes into the networks: one that is to be made or started is raised by the plan. Networks
 * that the last machine leaves are carried again, as networks without machines are.
 */
function staysParked({ wanted, rows, input }: FoundNetworks): boolean {
  const others = Object.values(rows).filter(
    ({ name }) => !wanted.some(({ spec }) => spec.name === name) && !isInPlan(networkRef(name), input),
  );
  const networks = [...wanted, ...others];
  const names = new Set(networks.flatMap(({ machines }) => machines.map(({ name }) => name)));
  if (networks.length > 0 && names.size === 0) return false;
  const machines = Object.values(input.read.state.resources.machine);
  return machines.every(({ spec, power }) => power !== undefined || !names.has(spec.name));
}
