import { type HostPort, hostPortsOf } from '@goqemu/spec';
import type { PortProblem, Preflight } from '../backend/backend.ts';
import { architectureNotices } from '../lock/usual-architecture.ts';
import { type Rename, renamesOf, withRenames } from '../machine/rename-machine.ts';
import type { KindInput, PlanInput } from '../resource/plan-input.ts';
import type { DiffContext, KindPlan } from '../resource/resource-kind.ts';
import { machineKindName, machineRef, namesOfKind, resourceKey } from '../resource/resource-ref.ts';
import { type LabState, type MachineState, observable } from '../state/lab-state.ts';
import { changedTimeouts } from './changed-timeouts.ts';
import { crlfNotices } from './crlf-notices.ts';
import {
  type DesiredImage,
  imageNotices,
  imageProblems,
  lockNotices,
  newPins,
  provisionalKeys,
  resolveImages,
} from './desired-images.ts';
import type { DesiredMachine } from './desired-machine.ts';
import { buildDesired } from './desired-machines.ts';
import { diskNotices, diskProblems } from './disk-size.ts';
import type { MachineOperation } from './machine-operation.ts';
import { madeByTodaysSeed, olderNotices } from './older-versions.ts';
import { orderPortHandovers } from './order-port-handovers.ts';
import type { Plan } from './plan.ts';
import { type DraftOperation, PlanContext, type PlanFacts } from './plan-context.ts';
import { planMachine } from './plan-machine.ts';
import {
  importedNetworkProblems,
  importProblems,
  located,
  manualPortProblems,
  memoryProblems,
  portProblems,
  protectionProblems,
} from './plan-problems.ts';
import { withTextDiffs } from './property-diff.ts';
import { KeyNotes } from './provisional-keys.ts';
import { raisedMachines } from './raised-machines.ts';
import { recordedMachine } from './recorded-machine.ts';
import { isRemoved } from './removals.ts';

/** What the lab wants of its machines, and what is recorded and there of them. */
export interface FoundMachines {
  readonly input: KindInput;
  readonly renames: readonly Rename[];
  readonly images: ReadonlyMap<string, DesiredImage>;
  readonly secrets: Plan['secrets'];
  readonly desired: WantedMachines;
  /** The same with machines that are to be made as today, whatever they were made of before. */
  readonly desire: (renewed: ReadonlySet<string>) => Promise<WantedMachines>;
  readonly facts: Omit<PlanFacts, 'disturbed'>;
  /** What the backend says of the machines. */
  readonly preflight: readonly Preflight[];
  readonly ports: readonly PortProblem[];
}

interface WantedMachines {
  readonly wanted: readonly DesiredMachine[];
  readonly outputs: Plan['outputs'];
  readonly keys: KeyNotes;
}

/** Looks at everything that a decision about machines may hang on. Read-only. */
export async function readMachines(input: KindInput): Promise<FoundMachines> {
  const { lab, read, backend, call, now } = input;
  const chosen = lab?.machines.filter(({ name }) => isChosen(input, name)) ?? [];
  const renames = renamesOf(read.state.resources.machine, chosen);
  // From here on, machines go by the names that the lab has for them.
  const state = withRenames(read.state, renames);
  const [images, secrets] = await Promise.all([resolveImages(input), fingerprints(input)]);
  const desire = async (renewed: ReadonlySet<string>): Promise<WantedMachines> => {
    const desired = lab && (await buildDesired({ lab, state, images, secrets, now, renewed }));
    const { machines = [], outputs = {}, keys = new KeyNotes() } = desired ?? {};
    const wanted = machines.filter((machine) => isChosen(input, machine.declaration.name));
    return { outputs: outputs as Plan['outputs'], keys, wanted };
  };
  const replace = new Set(namesOfKind(machineKindName, input.replace));
  const desired = await desire(replace);
  const { wanted } = desired;
  const toObserve = observable(state);
  const keys = layerKeys(state, wanted);
  const wantedPorts = portsToAsk(state, wanted);
  const [observed, stored, ports, preflight] = await Promise.all([
    toObserve.length > 0
      ? backend.observe(
          toObserve.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
          call,
        )
      : new Map(),
    keys.length > 0 ? backend.findLayers(keys, call) : new Map(),
    wantedPorts.length > 0 ? backend.checkPorts(wantedPorts, call) : [],
    wanted.length > 0
      ? backend.preflight(
          wanted.map((machine) => machine.spec),
          call,
        )
      : [],
  ]);
  const facts = {
    ...{ state, observed: byLabName(toObserve, observed), stored, replace },
    start: input.start === true,
    liveForwards: backend.capabilities.liveForwards,
  };
  return { input, renames, images, secrets, desired, desire, facts, preflight, ports };
}

/** Decides what has to be done with machines. */
export async function diffMachines(found: FoundMachines, before: DiffContext): Promise<KindPlan> {
  const { input, images, secrets } = found;
  const { desired, context } = await decided(found, before);
  const { wanted } = desired;
  const drafts = context.operations;
  const operations = await Promise.all(drafts.map(async (draft) => finished(draft, await withTextDiffs(draft.diff))));
  return {
    operations,
    raised: raisedMachines(operations),
    notices: [
      ...architectureNotices(input),
      ...lockNotices(images),
      ...imageNotices(images),
      ...diskNotices(context, wanted),
      ...olderNotices(context, wanted),
      ...crlfNotices(context, wanted),
      ...context.notices,
    ],
    preflight: await problems(found, context, wanted),
    facts: {
      outputs: desired.outputs,
      secrets,
      pins: newPins(images, input.lock),
      ...(input.lab ? { architecture: input.lab.usual.architecture } : {}),
      timeouts: changedTimeouts(context.facts.state, wanted),
      ...provisionalKeys(operations, images, desired.keys),
    },
  };
}

/** What is about to be booted by the key of an earlier seed is decided again, by today's. */
async function decided(found: FoundMachines, { operations: before, disturbed }: DiffContext) {
  const { input, renames, desired, desire } = found;
  const facts = { ...found.facts, disturbed };
  const context = decide({ facts, wanted: desired.wanted, renames, input, before });
  const renewed = madeByTodaysSeed(context, desired.wanted);
  if (renewed.length === 0) return { desired, context };
  const again = await desire(new Set([...facts.replace, ...renewed]));
  const stored = await input.backend.findLayers(layerKeys(facts.state, again.wanted), input.call);
  const { wanted } = again;
  return { desired: again, context: decide({ facts: { ...facts, stored }, wanted, renames, input, before }) };
}

async function problems(
  { input: { backend, call }, images, preflight, ports }: FoundMachines,
  context: PlanContext,
  wanted: readonly DesiredMachine[],
): Promise<readonly Preflight[]> {
  const found: readonly Preflight[] = [
    ...preflight,
    ...protectionProblems(context, wanted),
    ...importProblems(context),
    ...importedNetworkProblems(context, wanted),
    ...imageProblems(context, images),
    ...diskProblems(context, wanted),
    ...portProblems(ports, wanted),
    ...manualPortProblems(wanted),
    ...(await memoryProblems(context, wanted, () => backend.memoryBudget(call))),
  ];
  return found.map((problem) => located(problem, wanted));
}

/** A fork has only some of the lab's machines. */
function isChosen({ selected, read }: KindInput, name: string): boolean {
  const { machines: forked } = read.state.forkedFrom ?? {};
  return selected.has(resourceKey(machineRef(name))) && (forked?.includes(name) ?? true);
}

/** Ports that the lab names and that no machine of it has yet. */
function portsToAsk(state: LabState, wanted: readonly DesiredMachine[]): readonly HostPort[] {
  const own = new Set(Object.values(state.resources.machine).flatMap((machine) => hostPortsOf(machine.spec)));
  return wanted.flatMap(({ declaration }) => declaration.fixedPorts.filter((port) => !own.has(port)));
}

interface Decision {
  readonly facts: PlanFacts;
  readonly wanted: readonly DesiredMachine[];
  readonly renames: readonly Rename[];
  readonly input: KindInput;
  /** Number of operations that the plan has already. */
  readonly before: number;
}

function decide({ facts, wanted, renames, input, before }: Decision): PlanContext {
  const context = new PlanContext(facts, before);
  for (const { from, to } of renames) {
    const reason = `it was called "${from}"`;
    const diff = [{ property: 'name', before: from, after: to }];
    const work = { verb: 'rename' as const, from };
    context.add({ action: 'update', resource: machineRef(to), reason, changeClass: 'live', diff, work }, -1);
  }
  planRemovals(context, input);
  for (const machine of wanted) planMachine(context, machine, recordedMachine(facts.state, machine.declaration.name));
  orderPortHandovers(context, new Map(wanted.map((machine) => [machine.declaration.name, machine.spec])));
  return context;
}

/** Formatting a stack trace is expensive: the place is worked out when the plan is saved or the operation fails. */
function finished({ place, ...draft }: DraftOperation, diff: MachineOperation['diff']): MachineOperation {
  const operation = { ...draft, diff };
  return place ? Object.defineProperty(operation, 'location', { get: place, enumerable: true }) : operation;
}

export async function fingerprints(input: PlanInput): Promise<Plan['secrets']> {
  const entries = await Promise.all(
    Object.entries(input.lab?.secrets ?? {}).map(async ([name, from]) => {
      const fingerprint = await input.vault.fingerprint(name, from, input.read.state);
      return [name, { from, fingerprint }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** Every layer that a decision may hang on, asked for at once. */
function layerKeys(state: LabState, wanted: readonly DesiredMachine[]): readonly string[] {
  const keys = new Set<string>();
  for (const machine of wanted) for (const link of machine.chain) keys.add(link.key);
  for (const machine of Object.values(state.resources.machine)) {
    for (const layer of Object.values(machine.checkpoints)) keys.add(layer);
    if (machine.layer !== null) keys.add(machine.layer);
  }
  for (const checkpoint of Object.values(state.checkpoints)) {
    for (const machine of Object.values(checkpoint.machines)) keys.add(machine.layer);
  }
  return [...keys];
}

function byLabName<T>(machines: readonly MachineState[], found: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map(
    machines.flatMap((machine) => {
      const one = found.get(machine.spec.name);
      return one === undefined ? [] : [[machine.name, one] as const];
    }),
  );
}

function planRemovals(context: PlanContext, input: KindInput): void {
  for (const machine of Object.values(context.facts.state.resources.machine)) {
    if (!isRemoved(input, machine.name)) continue;
    const why = input.lab ? 'it is no longer in the lab' : 'the lab is destroyed';
    context.add(
      {
        action: machine.retain ? 'update' : 'delete',
        resource: machineRef(machine.name),
        reason: machine.retain ? `${why}, and is to be retained: it is forgotten, not deleted` : why,
        ...context.duration('delete'),
        work: { verb: 'delete', forget: machine.retain },
      },
      -1,
    );
  }
}
