import { GoqemuError } from '@goqemu/core';
import { pickProperties, propertiesWith } from '@goqemu/spec';
import type { BackendCall, ImportableMachine, ImportTarget } from '../backend/backend.ts';
import { optionalVerb } from '../backend/optional-verb.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { Lab } from '../evaluate/lab.ts';
import { suggestion } from '../evaluate/lab-error.ts';
import { appendHistory } from '../history/history.ts';
import { appliedUpTo } from '../plan/chain.ts';
import type { DesiredMachine } from '../plan/desired-machine.ts';
import { desiredNow } from '../plan/desired-now.ts';
import { recordedMachine } from '../plan/recorded-machine.ts';
import { type MachineState, observable } from '../state/lab-state.ts';
import { emptyState, type ReadState } from '../state/read-state.ts';
import { StateWriter } from '../state/state-writer.ts';
import { differsFromLab, foundForwards, importDifferences } from './import-differences.ts';
import type { ImportReport } from './import-report.ts';

export interface ImportOptions {
  /** Name of the machine in the lab. */
  readonly machine: string;
  readonly target: ImportTarget;
  /** Let the lab's access key into the guest. */
  readonly authorize?: boolean;
  /** Take the lab's steps as done, instead of running them with the next apply. */
  readonly stepsDone?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Takes a running machine that was not started by goqemu into the state. It is only inspected: where it differs
 * from the lab, nothing is recorded. One that was imported before is inspected again, such as to authorize a key.
 *
 * @throws GoqemuError `machine-unknown`, `machine-there`, `import-differs`, `import-refused`, `locked`
 */
export async function importMachine(context: EngineContext, lab: Lab, options: ImportOptions): Promise<ImportReport> {
  const began = context.now();
  const look = optionalVerb(context.backend, 'importMachine') ?? cannotImport(context, options.machine);
  await using _lock = await context.storage.lock(context.command, 0, options.signal);
  const read = await context.read();
  const call = context.plainCall(read.state.lineage, 'import', options.signal);
  const importing: Importing = { name: options.machine, read, call };
  const before = recordedMachine(read.state, options.machine);
  const desired = await desiredMachine(context, lab, importing);
  const { declaration, spec, chain } = desired;
  if (options.stepsDone) refuseCaptures(desired);
  const found = await look(spec, options.target, { authorize: false }, call);
  await refuseOwn(context, importing, found);
  const differences = importDifferences(declaration, spec, found);
  if (differences.length > 0) throw differsFromLab(declaration, differences);
  const adopted = options.authorize ? await look(spec, options.target, { authorize: true }, call) : found;
  const done = options.stepsDone ? chain.length : chain.length - declaration.steps.length;
  const state = read.exists ? read.state : emptyState(context.owner, read.state.lineage);
  const writer = await StateWriter.open(context.storage, { ...read, state }, context.command);
  await writer.end('import', {
    resources: { machine: { [declaration.name]: machineState(desired, adopted, done, before) } },
  });
  const saved = await writer.save(new Date(context.now()).toISOString());
  context.emit({ type: 'state-saved', serial: saved.serial });
  await appendHistory(context.storage, {
    startedAt: new Date(began).toISOString(),
    command: context.command,
    outcome: 'done',
    durationMs: context.now() - began,
    operations: { import: 1 },
    serial: saved.serial,
  });
  const steps = declaration.steps.map((step) => step.name);
  return {
    version: 1,
    lab: lab.name,
    stack: lab.stack,
    machine: declaration.name,
    pid: adopted.display?.pid ?? null,
    stepsDone: options.stepsDone ? steps : [],
    stepsLeft: options.stepsDone ? [] : steps,
    limits: adopted.limits,
  };
}

function cannotImport({ backend }: EngineContext, machine: string): never {
  throw new GoqemuError({
    code: 'import-refused',
    source: 'user',
    subject: machine,
    message: `the backend "${backend.kind}" cannot import machines`,
    hint: 'have goqemu make the machine instead: goqemu apply',
  });
}

/** A machine to be imported, and what is recorded of the lab. */
interface Importing {
  readonly name: string;
  readonly read: ReadState;
  readonly call: BackendCall;
}

async function desiredMachine(
  context: EngineContext,
  lab: Lab,
  { name, read, call }: Importing,
): Promise<DesiredMachine> {
  const recorded = recordedMachine(read.state, name);
  if (recorded && !recorded.imported) {
    throw new GoqemuError({
      code: 'machine-there',
      source: 'user',
      subject: name,
      message: `the lab has a machine ${name} already`,
      hint: 'give the imported machine another name in the lab',
    });
  }
  const machines = await desiredNow(context, lab, read, call);
  const vms = machines.filter(({ spec }) => spec.kind === 'vm');
  const found = vms.find(({ declaration }) => declaration.name === name);
  if (found) return found;
  throw new GoqemuError({
    code: 'machine-unknown',
    source: 'user',
    subject: name,
    message: `the lab describes no machine "${name}" that could be the imported one`,
    hint: suggestion(
      name,
      vms.map(({ declaration }) => declaration.name),
    ),
  });
}

/** What a step has printed is not known any more. */
function refuseCaptures({ declaration }: DesiredMachine): void {
  const capture = declaration.steps.find((step) => step.kind === 'run' && step.capture);
  if (!capture) return;
  throw new GoqemuError({
    code: 'import-refused',
    source: 'user',
    subject: declaration.name,
    message: `the steps of ${declaration.name} cannot be taken as done: the output of "${capture.name}" is not known`,
    hint: 'import it without --steps-done: the next apply runs the steps',
    ...(capture.location ? { location: capture.location } : {}),
  });
}

async function refuseOwn(
  context: EngineContext,
  { name, read, call }: Importing,
  found: ImportableMachine,
): Promise<void> {
  const known = observable(read.state).filter((machine) => machine.name !== name);
  if (known.length === 0) return;
  const observed = await context.backend.observe(
    known.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
    call,
  );
  const same = known.find((machine) => observed.get(machine.spec.name)?.instance === found.instance);
  if (!same) return;
  throw new GoqemuError({
    code: 'import-refused',
    source: 'user',
    subject: same.name,
    message: `it is ${same.name}, a machine of this lab`,
    hint: 'nothing to do',
  });
}

/**
 * @param done links of the chain that count as applied
 * @param before what is recorded of a machine that is imported once more: its steps have run
 */
function machineState(
  desired: DesiredMachine,
  found: ImportableMachine,
  done: number,
  before: MachineState | undefined,
): MachineState {
  const { declaration, spec, image, chain } = desired;
  const ssh = found.forwards.find(({ protocol, guest }) => guest === 22 && !protocol);
  return {
    name: declaration.name,
    spec: {
      ...spec,
      ...pickProperties(found, propertiesWith('imported', 'measured')),
      identity: {
        ...spec.identity,
        ...(found.hostname === undefined ? {} : { hostname: found.hostname }),
        ...(found.mac === undefined ? {} : { mac: found.mac }),
        ...(ssh ? { sshPort: ssh.host } : {}),
      },
      forwards: foundForwards(declaration, found),
    },
    image: { reference: image.reference, key: image.key },
    record: found.record,
    base: chain[0]?.key ?? '',
    applied: before && before.applied.length > done ? before.applied : appliedUpTo(chain, done - 1),
    layer: null,
    phase: 'made',
    ready: true,
    dirty: false,
    checkpoints: {},
    protect: declaration.protect,
    retain: declaration.retain,
    imported: true,
  };
}
