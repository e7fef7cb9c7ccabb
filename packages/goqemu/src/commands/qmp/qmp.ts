import { errorMessage } from '@goqemu/core';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { reachProcess } from '../../lab/reach-machine.ts';
import { eventLog } from '../../render/event-log.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { QmpOptions } from './qmp.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<QmpOptions>,
): Promise<number> {
  const [name = '', command = '', json] = positionals;
  const parameters = json === undefined ? undefined : parse(json);
  const signal = context.shell.interrupt;
  await using lab = await openDeployedLab(context, options, eventLog(context.logger).handle);
  const { endpoints } = await reachProcess(lab, name, signal);
  await using monitor = await endpoints.openMonitor(signal);
  context.printJson(await monitor.executeUntyped(command, parameters, { signal }));
  return exitCode.done;
}

function parse(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new Error('it is not an object');
  } catch (error) {
    throw usageError(
      `ARGUMENTS is not a JSON object: ${errorMessage(error)}`,
      `write, for example, '{"device":"disk"}'`,
    );
  }
}
