import { resolve } from 'node:path';
import { isResourceName } from '@goqemu/core';
import { usageError } from '../arguments/usage-error.ts';
import { namesLab } from '../loader/lab-file.ts';
import type { CommandContext } from '../shell/command-context.ts';
import type { LabChoice } from './open-lab.ts';

/**
 * The lab as a command's argument or as its option, which is one too many.
 *
 * @throws GoqemuError `usage`, also for a machine's name in the place of the lab
 */
export function chooseLab(
  context: Pick<CommandContext, 'commands' | 'command' | 'shell'>,
  positional: string | undefined,
  options: { readonly lab?: string | undefined; readonly stack?: string | undefined },
): LabChoice {
  if (positional !== undefined && isMachineWord(positional, context.shell.workingFolder))
    throw usageError(
      `"${positional}" is no lab: there is no such file, and no folder with a lab.ts`,
      aboutMachine(context, positional),
    );
  if (positional !== undefined && options.lab !== undefined)
    throw usageError('the lab is named twice', `drop --lab ${options.lab}, or "${positional}"`);
  return { lab: positional ?? options.lab, stack: options.stack };
}

/** A word that can only be meant as a machine: a name, and no file and no lab of that name is here. */
export function isMachineWord(word: string, workingFolder: string): boolean {
  return isResourceName(word) && !namesLab(resolve(workingFolder, word));
}

function aboutMachine({ commands, command }: Pick<CommandContext, 'commands' | 'command'>, machine: string): string {
  const spec = commands.find(({ name }) => `goqemu ${name}` === command);
  return spec && 'target' in spec.options
    ? `for one machine of the lab: ${command} --target ${machine}`
    : `${command} is about the whole lab: leave "${machine}" out`;
}
