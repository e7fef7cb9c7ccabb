import { GoqemuError } from '@goqemu/core';
import type { FoundMachine, ObservedMachine } from '@goqemu/lab';
import type { CommandContext } from '../shell/command-context.ts';
import { MachineEndpoints } from './machine-endpoints.ts';
import type { OpenLab } from './open-lab.ts';

export interface ReachedMachine {
  readonly name: string;
  readonly found: FoundMachine;
  readonly endpoints: MachineEndpoints;
}

/** With what was seen of it. */
export interface ReachedProcess extends ReachedMachine {
  readonly observed: ObservedMachine;
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
export function reachMachine(context: CommandContext, lab: OpenLab, name: string): Promise<ReachedProcess> {
  return runningMachine(lab, name, context.shell.interrupt);
}

/**
 * A machine of the lab whose QEMU is there, also when its guest is paused or has crashed: for its monitor.
 *
 * @throws GoqemuError `machine-unknown`, `machine-not-running`
 */
export function reachProcess(
  lab: Pick<OpenLab, 'engine' | 'backend' | 'logger'>,
  name: string,
  signal: AbortSignal,
): Promise<ReachedProcess> {
  return machineThatIs(['running', 'paused', 'crashed'], lab, name, signal);
}

/** As `reachMachine`, for a script. */
export function runningMachine(
  lab: Pick<OpenLab, 'engine' | 'backend' | 'logger'>,
  name: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<ReachedProcess> {
  return machineThatIs(['running'], lab, name, signal);
}

async function machineThatIs(
  states: readonly ObservedMachine['status'][],
  lab: Pick<OpenLab, 'engine' | 'backend' | 'logger'>,
  name: string,
  signal: AbortSignal,
): Promise<ReachedProcess> {
  const reached = await findMachine(lab, name);
  const { spec: machine, record, scope } = reached.found;
  const call = { scope, signal, progress: () => undefined };
  const seen = (await lab.backend.observe([{ machine, record }], call)).get(machine.name);
  const status = seen?.status ?? 'absent';
  if (seen && states.includes(status)) return { ...reached, observed: seen };
  throw new GoqemuError({
    code: 'machine-not-running',
    source: 'environment',
    subject: name,
    message: `machine ${name} is ${status}${seen?.reason ? `: ${seen.reason}` : ''}`,
    hint: hintFor(name, status),
  });
}

function hintFor(name: string, status: ObservedMachine['status']): string {
  if (status === 'absent' || status === 'damaged') return 'make it again with "goqemu apply"';
  if (status === 'paused' || status === 'suspended') return `resume it with "goqemu resume ${name}"`;
  return `start it with "goqemu start ${name}"`;
}
