import { usageError } from '../arguments/usage-error.ts';
import type { LabChoice } from './open-lab.ts';

/** The lab as a command's argument or as its option, which is one too many. */
export function chooseLab(
  positional: string | undefined,
  options: { readonly lab?: string | undefined; readonly stack?: string | undefined },
): LabChoice {
  if (positional !== undefined && options.lab !== undefined)
    throw usageError('the lab is named twice', `drop --lab ${options.lab}, or "${positional}"`);
  return { lab: positional ?? options.lab, stack: options.stack };
}
