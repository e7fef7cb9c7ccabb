import { randomBytes } from 'node:crypto';
import { visibleWord } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { type OpenFork, openFork } from '../../lab/open-fork.ts';
import { type LoadedOpenLab, openDeployedLab, openLab } from '../../lab/open-lab.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import { RunningLab } from '../../sdk/lab/running-lab.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { repeatActions } from '../../traces/repeat-actions.ts';
import { type FoundTrace, findTrace, tracesFolder } from '../../traces/trace-folder.ts';
import { checkPlace, placeOf } from '../../traces/trace-place.ts';
import { guestShell } from '../ssh/guest-shell.ts';
import type { TraceOpenOptions } from './trace.spec.ts';

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
    await using fork = await openFork(lab, {
      checkpoint: place.checkpoint,
      name: `trace-${randomBytes(3).toString('hex')}`,
      parameters: trace.record.lab?.parameters ?? {},
      signal: context.shell.interrupt,
    });
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
