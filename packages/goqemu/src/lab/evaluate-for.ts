import type { Lab, LabDefinition } from '@goqemu/lab';
import type { CommandContext } from '../shell/command-context.ts';
import type { LoadedOpenLab } from './open-lab.ts';
import { readParameters } from './read-parameters.ts';

export interface EvaluationOptions {
  readonly param: readonly string[];
  readonly params?: string | undefined;
}

/** Evaluates an open lab with the parameters that the command line, the environment and the file give. */
export async function evaluateFor(
  context: CommandContext,
  lab: LoadedOpenLab,
  options: EvaluationOptions,
): Promise<Lab> {
  return lab.engine.evaluate(lab.definition, { parameters: await readParametersFor(context, lab.definition, options) });
}

/** What the command line, the environment and the file give for the lab's parameters. */
export function readParametersFor(
  context: CommandContext,
  definition: LabDefinition,
  options: EvaluationOptions,
): Promise<Readonly<Record<string, unknown>>> {
  return readParameters(definition, {
    assignments: options.param,
    file: options.params,
    env: context.shell.platform.env,
    workingFolder: context.shell.workingFolder,
  });
}
