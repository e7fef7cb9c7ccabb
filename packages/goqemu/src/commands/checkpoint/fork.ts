import { formatDuration } from '@goqemu/core';
import type { ForkReport } from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { readParametersFor } from '../../lab/evaluate-for.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import { table } from '../../render/table.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CheckpointForkOptions } from './checkpoint.spec.ts';

export async function run(context: CommandContext, input: CommandInput<CheckpointForkOptions>): Promise<number> {
  const { options, positionals } = input;
  const sink = await chooseRenderer(context, undefined);
  await using lab = await openDeployedLab(context, options, sink.handle);
  const report = await lab.engine.fork(positionals[0] ?? '', {
    ...(options.count === undefined ? {} : { count: options.count }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.vm.length > 0 ? { machines: options.vm } : {}),
    ...('definition' in lab
      ? { definition: lab.definition, parameters: await readParametersFor(context, lab.definition, options) }
      : {}),
    signal: context.shell.interrupt,
  });
  await sink.close();
  if (options.json) {
    context.printJson(report);
    return exitCode.done;
  }
  context.print(table(['FORK', 'MACHINE', 'SSH', 'PORTS'], rowsOf(report), context.style));
  if (report.untouched.length > 0)
    context.tell(`without this checkpoint, and not forked: ${report.untouched.join(', ')}`);
  const [first] = report.forks;
  context.tell(`Forked in ${formatDuration(report.durationMs)}; use one with --stack ${first?.name}`);
  return exitCode.done;
}

function rowsOf(report: ForkReport): string[][] {
  return report.forks.flatMap((fork) =>
    fork.machines.map((machine) => [
      fork.name,
      machine.name,
      `${machine.ssh.user}@${machine.ssh.host}:${machine.ssh.port}`,
      Object.entries(machine.forwards)
        .map(([name, port]) => `${name} ${port}`)
        .join(', ') || '-',
    ]),
  );
}
