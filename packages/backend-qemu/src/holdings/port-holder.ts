import type { PortHolder } from '@goqemu/lab';
import { portUse } from '@goqemu/network';
import type { VmHost } from '@goqemu/vm';
import { type RunningMachine, runningMachines } from './running-machines.ts';

/** Who listens on a port: a machine of goqemu's is named by its lab, since the state that knew it may be gone. */
export async function portHolder(
  { folders: { home } }: Pick<VmHost, 'folders'>,
  port: number,
): Promise<PortHolder | undefined> {
  const holder = (await portUse(port))?.holder;
  if (!holder) return undefined;
  const machine = (await runningMachines()).find(({ pid }) => pid === holder.pid);
  return machine ? machineHolder(machine, home) : { name: `process ${holder.pid} (${shortened(holder.command)})` };
}

export function machineHolder({ pid, name, lab, lineage, home }: RunningMachine, ownHome: string): PortHolder {
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
