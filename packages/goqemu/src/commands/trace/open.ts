import { randomBytes } from 'node:crypto';
import { ownSign, visibleWord } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { type LoadedOpenLab, type OpenLab, openDeployedLab, openLab } from '../../lab/open-lab.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import { RunningLab } from '../../sdk/lab/running-lab.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { repeatActions } from '../../traces/repeat-actions.ts';
import { type FoundTrace, findTrace, tracesFolder } from '../../traces/trace-folder.ts';
import { checkPlace, placeOf, type TracePlace } from '../../traces/trace-place.ts';
import { guestShell } from '../ssh/guest-shell.ts';
import type { TraceOpenOptions } from './trace.spec.ts';

/** Milliseconds to wait for another command on the lab. */
const lockWaitMs = 60_000;

export async function run(context: CommandContext, input: CommandInput<TraceOpenOptions>): Promise<number> {
  const { options, positionals, rest } = input;
  const { workingFolder } = context.shell;
  const trace = await findTrace(positionals[0], tracesFolder(workingFolder, options['trace-dir']), workingFolder);
  const place = placeOf(trace, options.at);
  const choice = { lab: options.lab ?? place.labFile, stack: place.stack };
  const sink = await chooseRenderer(context, undefined);
  // Actions are done again by the lab's description; a place that was kept needs only its state.
  await using lab = await (place.before === undefined ? openDeployedLab : openLab)(context, choice, sink.handle);
  try {
    await checkPlace(lab.engine, place, trace);
    await using fork = await forkAt(context, lab, { ...place, parameters: trace.record.lab?.parameters ?? {} });
    const machine = options.machine ?? failingMachine(trace, fork.machines);
    await fork.engine.machine(machine);
    if ('definition' in lab && place.before !== undefined) await repeat(context, { lab, fork, trace }, place.before);
    await sink.close();
    context.tell(
      `${machine} as in ${visibleWord(trace.record.name)}; from another terminal: goqemu ssh ${machine} --stack ${fork.stack}`,
    );
    return await guestShell(context, fork, machine, rest);
  } finally {
    await sink.close();
  }
}

/** A copy of the lab that ends with its block, or with this process. */
interface OpenFork extends OpenLab {
  readonly machines: readonly string[];
}

async function forkAt(
  context: CommandContext,
  lab: OpenLab | LoadedOpenLab,
  { checkpoint, parameters }: TracePlace & { readonly parameters: Readonly<Record<string, unknown>> },
): Promise<OpenFork> {
  const owner = await ownSign();
  const name = `trace-${randomBytes(3).toString('hex')}`;
  const report = await lab.engine.fork(checkpoint, {
    ...{ name, owner, lockWaitMs, signal: context.shell.interrupt },
    ...('definition' in lab ? { definition: lab.definition, parameters } : {}),
  });
  const engine = lab.engine.stack(name);
  return {
    ...lab,
    engine,
    stack: name,
    machines: report.forks[0]?.machines.map((machine) => machine.name) ?? [],
    [Symbol.asyncDispose]: () => engine.removeFork({ lockWaitMs }),
  };
}

/** The machine of the last action that failed, or of the last one at all. */
function failingMachine({ record }: FoundTrace, machines: readonly string[]): string {
  const used = record.actions.filter(({ machine }) => machine !== undefined && machines.includes(machine));
  const failed = used.filter(({ result }) => result !== 'passed');
  return (failed.at(-1) ?? used.at(-1))?.machine ?? machines[0] ?? '';
}

interface Repeating {
  readonly lab: LoadedOpenLab;
  readonly fork: OpenFork;
  readonly trace: FoundTrace;
}

async function repeat(context: CommandContext, { lab, fork, trace }: Repeating, before: number): Promise<void> {
  const { engine, stack } = fork;
  const { definition, backend, logger, name } = lab;
  const parameters = trace.record.lab?.parameters ?? {};
  const running = new RunningLab({ engine, backend, definition, name, stack, parameters, logger });
  context.tell(`doing the actions before ${before} again; what the test did besides them, on this host, is not done`);
  for await (const { action, instead } of repeatActions(running, trace.record, before))
    context.tell(
      `${String(action.n).padStart(4)}  ${visibleWord(action.title)}${instead ? `  ${visibleWord(instead)}` : ''}`,
    );
}
