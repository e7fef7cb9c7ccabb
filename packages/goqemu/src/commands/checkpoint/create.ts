import type { CommandInput } from '../../arguments/command-spec.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { chooseRenderer } from '../../render/choose-renderer.ts';
import { listed } from '../../render/listed.ts';
import { roundedSize } from '../../render/rounded-size.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { CheckpointCreateOptions } from './checkpoint.spec.ts';

export async function run(context: CommandContext, input: CommandInput<CheckpointCreateOptions>): Promise<number> {
  const { options, positionals } = input;
  const sink = await chooseRenderer(context, undefined);
  await using lab = await openDeployedLab(context, options, sink.handle);
  const report = await lab.engine.createCheckpoint({
    description: positionals[0] ?? '',
    ...(options.vm.length > 0 ? { machines: options.vm } : {}),
    signal: context.shell.interrupt,
  });
  await sink.close();
  if (options.json) context.printJson(report);
  else {
    context.print(`${report.id}\n`);
    const names = report.machines.map((machine) => machine.name).join(', ');
    context.tell(`${listed(report.contents)} of ${names}, ${roundedSize(report.bytes)}`);
  }
  return exitCode.done;
}
