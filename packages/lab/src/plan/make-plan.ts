import type { Preflight } from '../backend/backend.ts';
import type { MachineDeclaration } from '../evaluate/lab.ts';
import { defaultLayerLimits } from '../layer/layer-limits.ts';
import { type Rename, renamesOf, withRenames } from '../machine/rename-machine.ts';
import { type LabState, type MachineState, observable } from '../state/lab-state.ts';
import { imageNotices, imageProblems, lockNotices, newPins, provisionalKeys, resolveImages } from './desired-images.ts';
import type { DesiredMachine } from './desired-machine.ts';
import { buildDesired } from './desired-machines.ts';
import { diskNotices, diskProblems } from './disk-size.ts';
import type { MakePlanInput } from './make-plan-input.ts';
import { madeByTodaysSeed, olderNotices } from './older-versions.ts';
import type { Operation } from './operation.ts';
import { orderPortHandovers } from './order-port-handovers.ts';
import { type Plan, type PlanNotice, planFormat, planVersion } from './plan.ts';
import { type DraftOperation, PlanContext, type PlanFacts } from './plan-context.ts';
import { planMachine } from './plan-machine.ts';
import { portsOf } from './plan-make.ts';
import { checkNames, importProblems, located, memoryProblems, portTaken, protectionProblems } from './plan-problems.ts';
import { withTextDiffs } from './property-diff.ts';
import { KeyNotes } from './provisional-keys.ts';
import { recordedMachine } from './recorded-machine.ts';
import { selectMachines } from './select-machines.ts';

/** Compares what the lab wants with what is recorded and what is there. Read-only. */
export async function makePlan(input: MakePlanInput): Promise<Plan> {
  const { lab, read, backend, call } = input;
  checkNames(input);
  const chosen = lab ? selectMachines(lab, input.target, input.exclude) : new Set<string>();
  const { machines: forked } = read.state.forkedFrom ?? {};
  const selected = forked ? new Set([...chosen].filter((name) => forked.includes(name))) : chosen;
  const renames = renamesOf(read.state.machines, lab?.machines.filter((machine) => selected.has(machine.name)) ?? []);
  // From here on, machines go by the names that the lab has for them.
  const state = withRenames(read.state, renames);
  const [images, secrets] = await Promise.all([resolveImages(input), fingerprints(input)]);
  const { now } = input;
  const desire = async (renewed: ReadonlySet<string>) => {
    const desired = lab && (await buildDesired({ lab, state, images, secrets, now, renewed }));
    const { machines = [], outputs = {}, keys = new KeyNotes() } = desired ?? {};
    return { outputs, keys, wanted: machines.filter((machine) => selected.has(machine.declaration.name)) };
  };
  let desired = await desire(new Set(input.replace));
  let { wanted } = desired;
  const recordedOf = (machine: MachineDeclaration): MachineState | undefined => recordedMachine(state, machine.name);

  const toObserve = observable(state);
  const keys = layerKeys(state, wanted);
  const newPorts = wanted.flatMap((machine) => {
    const recorded = recordedOf(machine.declaration);
    const had = new Set(recorded ? portsOf(recorded.spec) : []);
    return machine.declaration.fixedPorts.filter((port) => !had.has(port));
  });
  const ownPorts = new Set(Object.values(state.machines).flatMap((machine) => portsOf(machine.spec)));
  const portsToAsk = newPorts.filter((port) => !ownPorts.has(port));
  const [observed, stored, taken, preflight] = await Promise.all([
    toObserve.length > 0
      ? backend.observe(
          toObserve.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
          call,
        )
      : new Map(),
    keys.length > 0 ? backend.findLayers(keys, call) : new Map(),
    portsToAsk.length > 0 ? backend.takenPorts(portsToAsk, call) : [],
    wanted.length > 0
      ? backend.preflight(
          wanted.map((machine) => machine.spec),
          call,
        )
      : [],
  ]);

  const facts = { state, observed: byLabName(toObserve, observed), stored, replace: new Set(input.replace) };
  let context = decide(facts, wanted, renames, input);
  const renewed = madeByTodaysSeed(context, wanted);
  if (renewed.length > 0) {
    desired = await desire(new Set([...facts.replace, ...renewed]));
    ({ wanted } = desired);
    const further = await backend.findLayers(layerKeys(state, wanted), call);
    context = decide({ ...facts, stored: further }, wanted, renames, input);
  }

  const notices: PlanNotice[] = [
    ...lockNotices(images),
    ...imageNotices(images),
    ...diskNotices(context, wanted),
    ...olderNotices(context, wanted),
    ...context.notices,
  ];
  if (read.healed) {
    notices.push({
      code: 'state-healed',
      message: 'state.json was unreadable or gone; it was rebuilt from the save before it',
    });
  }
  const problems: Preflight[] = [
    ...preflight,
    ...protectionProblems(context, wanted),
    ...importProblems(context),
    ...imageProblems(context, images),
    ...diskProblems(context, wanted),
    ...(await Promise.all(taken.map(async (port) => portTaken(port, wanted, await backend.portHolder(port, call))))),
    ...(await memoryProblems(context, wanted, () => backend.memoryBudget(call))),
  ].map((problem) => located(problem, wanted));
  const operations = await Promise.all(
    context.operations.map(async (draft) => finished(draft, await withTextDiffs(draft.diff))),
  );
  return {
    format: planFormat,
    version: planVersion,
    lab: state.lab,
    stack: state.stack,
    lineage: state.lineage,
    serial: state.serial,
    journal: read.journal,
    createdAt: new Date(input.now).toISOString(),
    purpose: lab ? 'apply' : 'destroy',
    operations,
    notices,
    preflight: problems,
    outputs: desired.outputs as Plan['outputs'],
    secrets,
    pins: newPins(images, input.lock),
    ...provisionalKeys(operations, images, desired.keys),
    layerLimits: lab?.layerLimits ?? state.layerLimits ?? defaultLayerLimits,
  };
}

function decide(
  facts: PlanFacts,
  wanted: readonly DesiredMachine[],
  renames: readonly Rename[],
  input: MakePlanInput,
): PlanContext {
  const context = new PlanContext(facts);
  for (const { from, to } of renames) {
    const reason = `it was called "${from}"`;
    const diff = [{ property: 'name', before: from, after: to }];
    const work = { verb: 'rename' as const, from };
    context.add({ action: 'update', resource: to, machine: to, reason, changeClass: 'live', diff, work }, -1);
  }
  planRemovals(context, input);
  for (const machine of wanted) planMachine(context, machine, recordedMachine(facts.state, machine.declaration.name));
  orderPortHandovers(context, new Map(wanted.map((machine) => [machine.declaration.name, machine.spec])));
  return context;
}

/** Formatting a stack trace is dear: the place is worked out when the plan is saved, or when the operation fails. */
function finished({ place, ...draft }: DraftOperation, diff: Operation['diff']): Operation {
  const operation = { ...draft, diff };
  return place ? Object.defineProperty(operation, 'location', { get: place, enumerable: true }) : operation;
}

export async function fingerprints(input: MakePlanInput): Promise<Plan['secrets']> {
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
  for (const machine of Object.values(state.machines)) {
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

function planRemovals(context: PlanContext, input: MakePlanInput): void {
  const { lab, target, exclude } = input;
  const declared = new Set(lab?.machines.map((machine) => machine.name));
  for (const machine of Object.values(context.facts.state.machines)) {
    if (declared.has(machine.name)) continue;
    if (target && !target.includes(machine.name)) continue;
    if (exclude?.includes(machine.name)) continue;
    const why = lab ? 'it is no longer in the lab' : 'the lab is destroyed';
    context.add(
      {
        action: machine.retain ? 'update' : 'delete',
        resource: machine.name,
        machine: machine.name,
        reason: machine.retain ? `${why}, and is to be retained: it is forgotten, not deleted` : why,
        ...context.duration('delete'),
        work: { verb: 'delete', forget: machine.retain },
      },
      -1,
    );
  }
}
