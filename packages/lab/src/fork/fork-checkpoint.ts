import { formatByteSize, GoqemuError } from '@goqemu/core';
import { hostPortsOf, type MachineSpec, portNumber } from '@goqemu/spec';
import type { Backend } from '../backend/backend.ts';
import { checkLayers } from '../checkpoint/check-layers.ts';
import { chooseMachines } from '../checkpoint/choose-machines.ts';
import { findCheckpoint } from '../checkpoint/find-checkpoint.ts';
import type { FoundCheckpoint } from '../checkpoint/found-checkpoint.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { appendHistory } from '../history/history.ts';
import type { LabState, MachineState } from '../state/lab-state.ts';
import { chooseForkNames } from './fork-names.ts';
import type { ForkOptions } from './fork-options.ts';
import { withOwnPorts } from './fork-ports.ts';
import type { ForkedMachine, ForkReport } from './fork-report.ts';
import { lockLab } from './lock-lab.ts';
import { type ForkPlan, makeFork } from './make-fork.ts';
import { removeFork } from './remove-fork.ts';

/** As many as operations of an apply: more do not start sooner, and may run into time-outs. */
const forksAtATime = 4;

/**
 * Makes running copies of machines as they were in a checkpoint, each a stack of the lab with ports of its own. All of
 * them are made, or none; the machines that the checkpoint was taken of are not touched.
 */
export async function forkCheckpoint(
  context: EngineContext,
  idOrName: string,
  options: ForkOptions,
): Promise<ForkReport> {
  const began = context.now();
  await using _lock = await lockLab(context, options.lockWaitMs ?? 0, options.signal);
  const { state } = await context.read();
  const found = findCheckpoint(state, idOrName);
  const chosen = chooseMachines(state, options.machines);
  const having = chosen.filter((machine) => found.machines[machine.name] && machine.record !== null);
  const untouched = chosen.filter((machine) => !having.includes(machine)).map((machine) => machine.name);
  if (having.length === 0 || (options.machines && untouched.length > 0)) throw without(idOrName, found, untouched);
  await checkLayers(context.backend, found, having, context.plainCall(state.lineage, 'fork', undefined));
  const forks = await planForks(context, { state, found, machines: having }, options);
  await tellMemory(context, state, forks);
  const { owner, signal } = options;
  const failed = await makeAll(forks, (fork) => makeFork({ context, state, checkpoint: found, owner, signal }, fork));
  if (failed) for (const { stack } of failed.made) await removeFork(context.sibling(stack), 0);
  await appendHistory(context.storage, {
    startedAt: new Date(began).toISOString(),
    command: context.command,
    outcome: failed ? 'failed' : 'done',
    durationMs: context.now() - began,
    operations: failed ? {} : { fork: forks.length },
    serial: state.serial,
  });
  if (failed) throw failed.reason;
  return {
    version: 1,
    id: found.id,
    forks: forks.map(({ stack, specs }) => ({
      name: stack,
      machines: [...specs].map(([name, spec]) => describe(name, spec, context.backend)),
    })),
    untouched,
    durationMs: context.now() - began,
  };
}

function describe(name: string, spec: MachineSpec, backend: Backend): ForkedMachine {
  return {
    name,
    ssh: { ...backend.sshAddress(spec), user: spec.user },
    forwards: Object.fromEntries(Object.entries(spec.forwards).map(([forward, { host }]) => [forward, host])),
  };
}

/** What is forked: machines that have a checkpoint. */
interface ForkedMachines {
  readonly state: LabState;
  readonly found: FoundCheckpoint;
  readonly machines: readonly MachineState[];
}

async function planForks(
  context: EngineContext,
  { state, found, machines }: ForkedMachines,
  options: ForkOptions,
): Promise<readonly ForkPlan[]> {
  const stacks = await context.storage.stacks();
  const names = chooseForkNames(found.description, new Set([...stacks, state.stack]), options);
  const used = new Set<number>();
  for (const stack of stacks) {
    const other = await context.sibling(stack).read();
    for (const { spec } of Object.values(other.state.resources.machine))
      for (const port of hostPortsOf(spec)) used.add(portNumber(port));
  }
  const call = context.plainCall(state.lineage, 'ports', options.signal);
  const forks: ForkPlan[] = [];
  for (const stack of names) {
    const lineage = Buffer.from(context.random(6)).toString('hex');
    const specs = await withOwnPorts(
      machines.map((machine) => machine.spec),
      { lineage, place: context.storage.stack(stack).path('state') },
      { used, checkPorts: (ports) => context.backend.checkPorts(ports, call) },
    );
    for (const spec of specs) for (const port of hostPortsOf(spec)) used.add(portNumber(port));
    const named = specs.map((spec, index) => [machines[index]?.name ?? spec.name, spec] as const);
    forks.push({ stack, lineage, specs: new Map(named) });
  }
  return forks;
}

/** Some at a time, none after one that failed; tells which were made when not all of them were. */
async function makeAll(
  forks: readonly ForkPlan[],
  make: (fork: ForkPlan) => Promise<void>,
): Promise<{ readonly reason: unknown; readonly made: readonly ForkPlan[] } | undefined> {
  const made: ForkPlan[] = [];
  const waiting = [...forks];
  let failure: { readonly reason: unknown } | undefined;
  const work = async () => {
    for (let fork = waiting.shift(); fork && !failure; fork = waiting.shift()) {
      try {
        await make(fork);
        made.push(fork);
      } catch (reason) {
        failure ??= { reason };
      }
    }
  };
  await Promise.all(Array.from({ length: forksAtATime }, work));
  return failure ? { reason: failure.reason, made } : undefined;
}

/** Forks share what they do not change, so their sizes do not add up; what they could take is said, not refused. */
async function tellMemory(context: EngineContext, state: LabState, forks: readonly ForkPlan[]): Promise<void> {
  const most = forks.flatMap(({ specs }) => [...specs.values()]).reduce((sum, spec) => sum + spec.memory, 0);
  const budget = await context.backend.memoryBudget(context.plainCall(state.lineage, 'fork', undefined));
  if (most <= budget) return;
  context.emit({
    type: 'notice',
    code: 'little-memory',
    message: `the forks share the memory that they do not change; if they change all of it they need ${formatByteSize(most)}; ${formatByteSize(budget)} is available`,
  });
}

function without(idOrName: string, found: FoundCheckpoint, untouched: readonly string[]): GoqemuError {
  return new GoqemuError({
    code: 'checkpoint-unknown',
    source: 'user',
    subject: idOrName,
    message: `${untouched.join(', ') || 'no machine'} has no checkpoint "${idOrName}"`,
    hint: `it covers: ${Object.keys(found.machines).join(', ') || 'no machine that exists'}`,
  });
}
