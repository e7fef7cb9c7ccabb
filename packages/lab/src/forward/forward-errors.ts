import { GoqemuError } from '@goqemu/core';
import { type HostPort, hostPortOf, manualName, type PortForward, portNumber } from '@goqemu/spec';
import type { MachineState } from '../state/lab-state.ts';

/** A forward that the lab names is changed there, or the next apply would undo it. */
export function declaredInLab({ name }: MachineState, forward: string): GoqemuError {
  return new GoqemuError({
    code: 'forward-refused',
    source: 'user',
    subject: name,
    message: `this port of the host is forwarded to ${name} by the lab, as forward.${forward}`,
    hint: 'change it in the lab: goqemu apply does that while the machine runs',
  });
}

/** What of a machine keeps its forwards from being changed; undefined for nothing. */
export function obstacleOf(machine: MachineState, isUp: boolean, isLive: boolean): GoqemuError | undefined {
  const { name } = machine;
  const refused = (message: string, hint: string) =>
    new GoqemuError({ code: 'forward-refused', source: 'user', subject: name, message: `${name} ${message}`, hint });
  if (machine.imported)
    return refused(
      'was imported: its forwarded ports stay as they are',
      `a tunnel reaches its ports, too: goqemu ssh ${name} -- -L 8080:127.0.0.1:80`,
    );
  if (machine.phase !== 'made' || (isUp && (!machine.ready || machine.cutting)))
    return refused('is not complete: what was done with it was interrupted', 'finish it first: goqemu apply');
  if (isUp && !isLive)
    return refused(
      'runs, and its forwarded ports cannot change there while it does',
      `write the forward into the lab, or stop the machine first: goqemu stop ${name}`,
    );
  return undefined;
}

export function takenInLab(port: HostPort, owner: string, what: string): GoqemuError {
  return new GoqemuError({
    code: 'port-taken',
    source: 'user',
    subject: owner,
    message: `port ${portNumber(port)} of the host leads to ${owner} already (${what})`,
    hint: 'choose another port, or 0: goqemu chooses a free one',
  });
}

export function forwardMissing({ name, spec }: MachineState, port: HostPort): GoqemuError {
  const manual = Object.values(spec.forwards).filter((forward): boolean => forward.manual === true);
  return new GoqemuError({
    code: 'forward-missing',
    source: 'user',
    subject: name,
    message: `no port ${portNumber(port)} of the host is forwarded to ${name} manually`,
    hint:
      manual.length === 0
        ? `none was added; see all of them: goqemu forward ${name}`
        : `these were added: ${manual.map(manualName).join(', ')}`,
  });
}

/** What uses a port of the host in this lab: a machine, and what for. */
export function ownerOf(
  machines: readonly MachineState[],
  port: HostPort,
): { readonly machine: MachineState; readonly what: string; readonly forward?: PortForward } | undefined {
  for (const machine of machines) {
    const { identity, forwards } = machine.spec;
    if (identity.sshPort === port) return { machine, what: 'SSH' };
    const found = Object.entries(forwards).find(([, forward]) => hostPortOf(forward) === port);
    if (found) return { machine, what: found[1].manual ? 'manually' : `forward.${found[0]}`, forward: found[1] };
  }
  return undefined;
}
