import { usageError } from '../arguments/usage-error.ts';
import { type OpenFork, openFork } from '../lab/open-fork.ts';
import type { OpenLab } from '../lab/open-lab.ts';
import { reachMachine } from '../lab/reach-machine.ts';
import type { CommandContext } from '../shell/command-context.ts';

/** What each try is made from. */
export interface TryForks {
  readonly context: CommandContext;
  readonly lab: OpenLab;
  readonly at: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly machine: string | undefined;
  readonly id: string;
}

export async function forkOf(
  { lab, at, parameters, id }: TryForks,
  number: number,
  signal: AbortSignal,
): Promise<OpenFork> {
  return openFork(lab, { checkpoint: at, name: `bisect-${id}-${number}`, parameters, signal });
}

export async function sessionIn({ context, machine }: TryForks, fork: OpenFork) {
  const [only = '', ...others] = fork.machines;
  if (machine === undefined && others.length > 0)
    throw usageError(`in which machine? The lab has ${fork.machines.join(', ')}`, 'write --machine MACHINE');
  const { endpoints } = await reachMachine(context, fork, machine ?? only);
  return endpoints.openSession();
}
