import { formatByteSize, GoqemuError, isGoqemuError } from '@goqemu/core';
import type { Backend, BackendCall, Preflight, ResolvedImage } from '../backend/backend.ts';
import type { Lab, MachineDeclaration } from '../evaluate/lab.ts';
import { suggestion, withLocation } from '../evaluate/lab-error.ts';
import { type ImagePin, type LabLock, pinName, pinOf } from '../lock/lab-lock.ts';
import type { MachineSpec } from '../machine/machine-spec.ts';
import { renamesOf, withRenames } from '../machine/rename-machine.ts';
import type { SecretVault } from '../secret/secret-vault.ts';
import { type LabState, type MachineState, observable } from '../state/lab-state.ts';
import type { ReadState } from '../state/read-state.ts';
import { ChainBuilder } from './desired-chain.ts';
import type { ChainLink, DesiredMachine } from './desired-machine.ts';
import type { Operation } from './operation.ts';
import { orderPortHandovers } from './order-port-handovers.ts';
import { type Plan, type PlanNotice, planFormat, planVersion } from './plan.ts';
import { type DraftOperation, PlanContext } from './plan-context.ts';
import { planMachine } from './plan-machine.ts';
import { portsOf } from './plan-make.ts';
import { withTextDiffs } from './property-diff.ts';
import { selectMachines } from './select-machines.ts';

export interface MakePlanInput {
  /** Undefined for destroy: nothing is wanted. */
  readonly lab: Lab | undefined;
  readonly read: ReadState;
  readonly lock: LabLock;
  readonly backend: Backend;
  readonly call: BackendCall;
  readonly vault: SecretVault;
  readonly now: number;
  readonly target?: readonly string[];
  readonly exclude?: readonly string[];
  readonly replace?: readonly string[];
}

/** Compares what the lab wants with what is recorded and what is there. Read-only. */
export async function makePlan(input: MakePlanInput): Promise<Plan> {
  const { lab, read, backend, call } = input;
  checkNames(input);
  const selected = lab ? selectMachines(lab, input.target, input.exclude) : new Set<string>();
  const renames = renamesOf(read.state.machines, lab?.machines.filter((machine) => selected.has(machine.name)) ?? []);
  // From here on, machines go by the names that the lab has for them.
  const state = withRenames(read.state, renames);
  const [images, secrets] = await Promise.all([resolveImages(input), fingerprints(input)]);
  const desired = lab ? await buildDesired(lab, state, images, secrets, input) : { machines: [], outputs: {} };
  const wanted = desired.machines.filter((machine) => selected.has(machine.declaration.name));
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
  const [observed, stored, taken, preflight, budget] = await Promise.all([
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
    wanted.length > 0 ? backend.memoryBudget(call) : 0,
  ]);

  const context = new PlanContext({
    state,
    observed: byLabName(toObserve, observed),
    stored,
    replace: new Set(input.replace),
  });
  for (const { from, to } of renames) {
    const reason = `it was called "${from}"`;
    const diff = [{ property: 'name', before: from, after: to }];
    const work = { verb: 'rename' as const, from };
    context.add({ action: 'update', resource: to, machine: to, reason, changeClass: 'live', diff, work }, -1);
  }
  planRemovals(context, input);
  for (const machine of wanted) planMachine(context, machine, recordedOf(machine.declaration));
  orderPortHandovers(context, new Map(wanted.map((machine) => [machine.declaration.name, machine.spec])));

  const notices: PlanNotice[] = [...lockNotices(images), ...context.notices];
  if (read.healed) {
    notices.push({
      code: 'state-healed',
      message: 'state.json was unreadable or gone; it was rebuilt from the save before it',
    });
  }
  const problems: Preflight[] = [
    ...preflight,
    ...protectionProblems(context, wanted),
    ...imageProblems(context, images),
    ...taken.map((port): Preflight => portTaken(port, wanted)),
    ...memoryProblems(wanted, budget),
  ];
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
  };
}

/** Formatting a stack trace is dear: the place is worked out when the plan is saved, or when the operation fails. */
function finished({ place, ...draft }: DraftOperation, diff: Operation['diff']): Operation {
  const operation = { ...draft, diff };
  return place ? Object.defineProperty(operation, 'location', { get: place, enumerable: true }) : operation;
}

function recordedMachine(state: LabState, name: string): MachineState | undefined {
  return Object.hasOwn(state.machines, name) ? state.machines[name] : undefined;
}

interface DesiredImage {
  readonly resolved: ResolvedImage;
  /** What enters keys: the pinned image where there is one. */
  readonly key: string;
  readonly pin: ImagePin | undefined;
  /** The name stands for another image than the pinned one; of an absent image that shows once it is fetched. */
  readonly moved: boolean;
  readonly arch: MachineSpec['arch'];
}

async function resolveImages(input: MakePlanInput): Promise<ReadonlyMap<string, DesiredImage>> {
  const wanted = new Map<string, MachineDeclaration>();
  for (const machine of input.lab?.machines ?? []) {
    const name = pinName(machine.image, machine.arch);
    if (!wanted.has(name)) wanted.set(name, machine);
  }
  const entries = await Promise.all(
    [...wanted].map(async ([name, machine]): Promise<[string, DesiredImage]> => {
      const resolved = await input.backend
        .resolveImage(machine.image, machine.arch, input.call)
        .catch((error: unknown) => {
          throw isGoqemuError(error) && !error.location && machine.location
            ? withLocation(error, machine.location)
            : error;
        });
      const pin = input.lock.images[name];
      const differs = pin !== undefined && pin.key !== pinOf(resolved);
      const key = differs ? pin.key : resolved.key;
      return [name, { resolved, key, pin, moved: differs && resolved.present, arch: machine.arch }];
    }),
  );
  return new Map(entries);
}

async function fingerprints(input: MakePlanInput): Promise<Plan['secrets']> {
  const entries = await Promise.all(
    Object.entries(input.lab?.secrets ?? {}).map(async ([name, from]) => {
      const fingerprint = await input.vault.fingerprint(name, from, input.read.state);
      return [name, { from, fingerprint }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

async function buildDesired(
  lab: Lab,
  state: LabState,
  images: ReadonlyMap<string, DesiredImage>,
  secrets: Plan['secrets'],
  input: MakePlanInput,
): Promise<{ machines: readonly DesiredMachine[]; outputs: unknown }> {
  const builder = new ChainBuilder({
    lab,
    state,
    now: input.now,
    fingerprints: Object.fromEntries(Object.entries(secrets).map(([name, one]) => [name, one.fingerprint])),
  });
  const usedNames = new Map(
    Object.values(state.machines).map((machine) => [machine.spec.name.toLowerCase(), machine.name]),
  );
  const machines: DesiredMachine[] = [];
  for (const declared of lab.machines) {
    const recorded = recordedMachine(state, declared.name);
    const machine = leaveAlone(declared, recorded);
    const image = images.get(pinName(declared.image, declared.arch));
    if (!image) continue;
    const kept = recorded && machine.ignoreChanges.includes('image') ? recorded.image : undefined;
    const imageKey = kept?.key ?? image.key;
    const user = machine.user ?? image.resolved.user;
    const { arch, firmware, accelerator, memory, cpus, disk, identity, forwards, kind } = machine;
    const spec: MachineSpec = {
      name: recorded?.spec.name ?? freeName(declared.name, usedNames),
      kind,
      arch,
      firmware,
      accelerator,
      memory,
      cpus,
      disk,
      user,
      identity,
      forwards,
    };
    const chain = await builder.build(
      machine,
      { imageKey, disk, arch, firmware, user },
      kept?.reference ?? machine.image,
    );
    machines.push({
      declaration: machine,
      spec,
      image: { ...image.resolved, key: imageKey },
      chain: leaveSteps(machine, recorded, chain),
    });
  }
  return { machines, outputs: builder.outputs(lab.outputs) };
}

/** The backend's name of a new machine: its own, unless one that was renamed still goes by it. */
function freeName(name: string, used: Map<string, string>): string {
  for (let attempt = 1; ; attempt++) {
    const candidate = attempt === 1 ? name : `${name}-${attempt}`;
    const owner = used.get(candidate.toLowerCase());
    if (owner !== undefined && owner !== name) continue;
    used.set(candidate.toLowerCase(), name);
    return candidate;
  }
}

/** Properties that the lab is told not to change keep what is recorded. */
function leaveAlone(machine: MachineDeclaration, recorded: MachineState | undefined): MachineDeclaration {
  if (!recorded || machine.ignoreChanges.length === 0) return machine;
  const left = new Set(machine.ignoreChanges);
  const { spec } = recorded;
  const kept = (['arch', 'firmware', 'accelerator', 'memory', 'cpus', 'disk', 'user'] as const).filter((one) =>
    left.has(one),
  );
  return Object.defineProperty(
    {
      ...machine,
      ...Object.fromEntries(kept.map((property) => [property, spec[property]])),
      ...(left.has('hostname')
        ? { identity: { ...machine.identity, hostname: spec.identity.hostname, instanceId: spec.identity.instanceId } }
        : {}),
      ...(left.has('forward') ? { forwards: spec.forwards, fixedPorts: [] } : {}),
    },
    'location',
    { get: () => machine.location, enumerable: false },
  ) as MachineDeclaration;
}

function leaveSteps(
  machine: MachineDeclaration,
  recorded: MachineState | undefined,
  chain: readonly ChainLink[],
): readonly ChainLink[] {
  if (!recorded || !machine.ignoreChanges.includes('steps') || recorded.applied[0]?.key !== chain[0]?.key) return chain;
  return recorded.applied.map((step) => ({
    ...step,
    cut: true,
    checkpoints: Object.entries(recorded.checkpoints).flatMap(([name, layer]) => (layer === step.key ? [name] : [])),
    waitsFor: [],
    captures: false,
  }));
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

function protectionProblems(context: PlanContext, wanted: readonly DesiredMachine[]): readonly Preflight[] {
  const declared = new Map(wanted.map((machine) => [machine.declaration.name, machine.declaration]));
  return context.operations.flatMap((operation): Preflight[] => {
    const destroys = operation.action === 'delete' || operation.action === 'replace';
    const isProtected =
      declared.get(operation.machine)?.protect ?? context.facts.state.machines[operation.machine]?.protect ?? false;
    if (!destroys || !isProtected) return [];
    return [
      {
        severity: 'error',
        code: 'protected',
        message: `${operation.machine} is protected, and this plan would ${operation.action} it: ${operation.reason}`,
        hint: 'set protect: false in the lab and apply that first, or exclude the machine',
      },
    ];
  });
}

/** An image that has moved on can only be used where a layer of the pinned one is cached. */
function imageProblems(context: PlanContext, images: ReadonlyMap<string, DesiredImage>): readonly Preflight[] {
  const moved = [...images.values()].filter((image) => image.moved);
  return moved.flatMap((image): Preflight[] => {
    const needed = context.operations.find(
      ({ work }) =>
        work.verb === 'make' && !work.resume && 'image' in work.origin && work.origin.image.key === image.key,
    );
    if (!needed) return [];
    return [
      {
        severity: 'error',
        code: 'image-moved',
        message: `${needed.machine} needs the image ${image.resolved.reference} that lab.lock.json pins, but that name stands for another one today`,
        hint: 'goqemu lock --update moves the lab on to today’s image and shows the difference',
      },
    ];
  });
}

function lockNotices(images: ReadonlyMap<string, DesiredImage>): readonly PlanNotice[] {
  return [...images.values()]
    .filter((image) => image.moved)
    .map((image) => ({
      code: 'image-moved',
      message: `${image.resolved.reference} stands for another image than the one in lab.lock.json: ${image.pin?.description} then, ${image.resolved.description} now`,
      hint: 'goqemu lock --update moves the lab on',
    }));
}

function newPins(images: ReadonlyMap<string, DesiredImage>, lock: LabLock): Readonly<Record<string, ImagePin>> {
  return Object.fromEntries(
    [...images].flatMap(([name, { resolved }]) =>
      lock.images[name] || !resolved.present
        ? []
        : [[name, { key: pinOf(resolved), description: resolved.description }]],
    ),
  );
}

function portTaken(port: number, wanted: readonly DesiredMachine[]): Preflight {
  const owner = wanted.find((machine) => machine.declaration.fixedPorts.includes(port));
  const line = owner?.declaration.location?.line;
  return {
    severity: 'error',
    code: 'port-taken',
    message: `${owner?.declaration.name}: port ${port} of the host is taken by another program${line ? ` (line ${line})` : ''}`,
    hint: 'leave the host port out and goqemu chooses a free one, or end the other program',
  };
}

function memoryProblems(wanted: readonly DesiredMachine[], budget: number): readonly Preflight[] {
  const machines = wanted.filter((machine) => machine.spec.kind === 'vm');
  const sum = machines.reduce((total, machine) => total + machine.spec.memory, 0);
  const largest = wanted.reduce((most, machine) => Math.max(most, machine.spec.memory), 0);
  if (Math.max(sum, largest) <= budget) return [];
  return [
    {
      severity: 'error',
      code: 'memory-short',
      message: `the machines of the lab want ${formatByteSize(Math.max(sum, largest))} of memory together, and this host can give ${formatByteSize(budget)}`,
      hint: 'give the machines less memory, or apply some of them with --target',
    },
  ];
}

/** @throws GoqemuError `machine-unknown` for a name in an option that neither the lab nor the state has */
function checkNames(input: MakePlanInput): void {
  const known = new Set([
    ...(input.lab?.machines.map((machine) => machine.name) ?? []),
    ...Object.keys(input.read.state.machines),
  ]);
  for (const [option, names] of [
    ['--target', input.target],
    ['--exclude', input.exclude],
    ['--replace', input.replace],
  ] as const) {
    const unknown = names?.find((name) => !known.has(name));
    if (unknown === undefined) continue;
    throw new GoqemuError({
      code: 'machine-unknown',
      source: 'user',
      subject: option,
      message: `${option}: no machine is called "${unknown}"`,
      hint: suggestion(unknown, [...known]),
    });
  }
}
