import type { PlanOptions } from '@goqemu/lab';

/** Which machines the command line names; an option that was not given selects nothing, rather than no machine. */
export function planSelection(
  options: {
    readonly target: readonly string[];
    readonly exclude: readonly string[];
    readonly replace?: readonly string[];
    readonly start?: boolean;
  },
  signal: AbortSignal,
): PlanOptions {
  const { target, exclude, replace = [], start = false } = options;
  return {
    signal,
    ...(target.length > 0 ? { target } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(replace.length > 0 ? { replace } : {}),
    ...(start ? { start } : {}),
  };
}
