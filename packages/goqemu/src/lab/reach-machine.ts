import { GoqemuError } from '@goqemu/core';
import type { FoundMachine } from '@goqemu/lab';
import type { CommandContext } from '../shell/command-context.ts';
import { MachineEndpoints } from './machine-endpoints.ts';
import type { OpenLab } from './open-lab.ts';

export interface ReachedMachine {
  readonly name: string;
  readonly found: FoundMachine;
  readonly endpoints: MachineEndpoints;
}

/**
 * A machine of the lab, whether it runs or not.
 *
 * @throws GoqemuError `machine-unknown`
 */
export async function findMachine(
  lab: Pick<OpenLab, 'engine' | 'backend' | 'logger'>,
  name: string,
): Promise<ReachedMachine> {
  const found = await lab.engine.machine(name);
  return { name, found, endpoints: new MachineEndpoints(lab.backend, found, lab.logger) };
}

/**
 * A machine of the lab that runs: asked at once, instead of waiting in vain for its SSH server.
 *
 * @throws GoqemuError `machine-unknown`, `machine-not-running`
 */
export function reachMachine(context: CommandContext, lab: OpenLab, name: string): Promise<ReachedMachine> {
  return runningMachine(lab, name, context.shell.interrupt);
}

/** As `reachMachine`, for a script. */
export async function runningMachine(
  lab: Pick<OpenLab, 'engine' | 'backend' | 'logger'>,
  name: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<ReachedMachine> {
  const reached = await findMachine(lab, name);
  const { spec: machine, record, scope } = reached.found;
  const call = { scope, signal, progress: () => undefined };
  const seen = (await lab.backend.observe([{ machine, record }], call)).get(machine.name);
  if (seen?.status === 'running') return reached;
  throw new GoqemuError({
    code: 'machine-not-running',
    source: 'environment',
    subject: name,
    message: `machine ${name} is ${seen?.status ?? 'absent'}${seen?.reason ? `: ${seen.reason}` : ''}`,
    hint: 'see "goqemu status"; bring it back with "goqemu apply"',
  });
}
