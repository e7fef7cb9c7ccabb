import { resolve } from 'node:path';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { evaluateFor } from '../../lab/evaluate-for.ts';
import { openLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { ImportOptions } from './import.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<ImportOptions>,
): Promise<number> {
  const { pid, socket } = options;
  if ((pid === undefined) === (socket === undefined))
    throw usageError('say which QEMU: --pid or --socket', 'goqemu import web --pid 4711');
  const target = pid === undefined ? { socket: resolve(context.shell.workingFolder, socket ?? '') } : { pid };
  await using lab = await openLab(context, options, eventLog(context.logger).handle);
  const report = await lab.engine.importMachine(await evaluateFor(context, lab, options), {
    machine: positionals[0] ?? '',
    target,
    authorize: options.authorize,
    stepsDone: options['steps-done'],
    signal: context.shell.interrupt,
  });
  if (options.json) {
    context.printJson(report);
    return exitCode.done;
  }
  const { style } = context;
  context.print(
    `${style.bold(report.machine)} ${report.pid === null ? 'is imported' : `is process ${report.pid} from now on`}.\n`,
  );
  for (const limit of report.limits) context.tell(`  ${limit}`);
  const steps = report.stepsLeft.length === 1 ? 'its step' : `its ${report.stepsLeft.length} steps`;
  if (report.stepsLeft.length > 0) context.tell(`The next apply runs ${steps}; look at it with: goqemu plan`);
  return exitCode.done;
}
