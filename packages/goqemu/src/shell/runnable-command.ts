import type { CommandInput, CommandSpec, OptionSpecs } from '../arguments/command-spec.ts';
import type { CommandContext } from './command-context.ts';

export interface CommandModule<Options extends OptionSpecs = OptionSpecs> {
  /** Returns the exit code. */
  run(context: CommandContext, input: CommandInput<Options>): Promise<number>;
}

/** A command with what it does, which is in a module of its own, loaded when it is called. */
export interface RunnableCommand<Options extends OptionSpecs = OptionSpecs> extends CommandSpec<Options> {
  readonly load: () => Promise<CommandModule<Options>>;
}

/** Keeps the exact types of a command's options, so that its module sees them. */
export function defineCommand<const Options extends OptionSpecs>(
  command: RunnableCommand<Options>,
): RunnableCommand<Options> {
  return command;
}
