import { type GoqemuError, hasErrorCode } from '@goqemu/core';
import { assertSucceeded, type Command, type CommandResult, type CommandStream, commandText } from '@goqemu/guest';
import type { DrivenVm } from '../driven-vm.ts';
import type { SendCommandOptions, SentCommand, StreamCommandOptions } from './command-options.ts';
import { readCommandOptions } from './read-command-options.ts';
import { relayStream } from './relay-stream.ts';

/** Runs a command to its end; one that failed is a result, unless it is to be checked. */
export async function sendCommand(vm: DrivenVm, command: Command, options?: SendCommandOptions): Promise<SentCommand> {
  const { options: read, check } = readCommandOptions(command, options, vm.config.timeouts.command);
  const result = await vm.use(nameOf(command, options), (session) => session.exec(command, read));
  vm.logger.log('info', 'sdk', options?.label ?? 'a command has ended', {
    vm: vm.title,
    exitCode: result.exitCode,
    durationMs: result.durationMs,
  });
  const error = failureOf(result, options?.label);
  if (error && check) throw error;
  return error ? { ...result, error } : result;
}

/** Runs a command whose output is taken as it comes. */
export function streamCommand(vm: DrivenVm, command: Command, options?: StreamCommandOptions): CommandStream {
  const { options: read } = readCommandOptions(command, options, Number.POSITIVE_INFINITY);
  const what = nameOf(command, options);
  return relayStream(
    commandText(command),
    vm.use(what, async (session, held) => ({
      stream: session.stream(command, read),
      explain: (error: unknown) => vm.explain(what, error, held, session),
    })),
  );
}

function nameOf(command: Command, options: StreamCommandOptions | undefined): string {
  return `command ${JSON.stringify(options?.label ?? command)}`;
}

function failureOf(result: CommandResult, label: string | undefined): GoqemuError | undefined {
  try {
    assertSucceeded(result, label);
    return undefined;
  } catch (error) {
    if (hasErrorCode(error, 'command-failed')) return error;
    throw error;
  }
}
