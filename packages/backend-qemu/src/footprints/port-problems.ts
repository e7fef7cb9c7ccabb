import type { PortProblem } from '@goqemu/lab';
import { type PortUse, portText } from '@goqemu/network';
import type { VmHost } from '@goqemu/vm';
import { type RunningMachine, runningMachines } from './running-machines.ts';

/** Why each port cannot be had: a machine of goqemu's is named by its lab, since the state that knew it may be gone. */
export async function portProblems(
  { folders: { home } }: Pick<VmHost, 'folders'>,
  uses: readonly PortUse[],
): Promise<readonly PortProblem[]> {
  const machines = uses.some(({ holder }) => holder) ? await runningMachines() : [];
  return uses.map(({ port, reason, holder }): PortProblem => {
    const about = { port, code: 'port-taken' } as const;
    if (reason === 'not-permitted')
      return {
        ...about,
        message: `this user may not listen on ${portText(port)} of the host`,
        hint: 'choose a port above 1023, or leave the host port out',
      };
    const machine = holder && machines.find(({ pid }) => pid === holder.pid);
    const by = machine
      ? takenByMachine(machine, home)
      : { name: holder ? `process ${holder.pid} (${shortened(holder.command)})` : 'another program' };
    return {
      ...about,
      message: `${portText(port)} of the host is taken by ${by.name}`,
      ...(by.hint ? { hint: by.hint } : {}),
    };
  });
}

/** How a machine that has a port is called, and what gives the port back. */
export function takenByMachine(
  { pid, name, lab, lineage, home }: RunningMachine,
  ownHome: string,
): { readonly name: string; readonly hint?: string } {
  const id = `${lab}-${lineage}`;
  return {
    name: `machine ${name} of the lab ${id} (process ${pid})`,
    hint:
      home === ownHome
        ? `destroy that lab, or stop the machine; if the state of that lab, its folder .goqemu, is gone, put it back or remove what it left: goqemu doctor --clear ${id}`
        : `it runs with GOQEMU_HOME=${home}: destroy its lab there, or choose another port`,
  };
}

function shortened(command: string): string {
  return command.length > 60 ? `${command.slice(0, 60)}…` : command;
}
