import { join } from 'node:path';
import { folderNames, hostProcessTable } from '@goqemu/core';
import type { LabFootprint } from '@goqemu/lab';
import { endSwitch } from '@goqemu/network';
import { collectLayers, endQemu, killVm, removeVmFolder, Vm, type VmHost, type VmSpec } from '@goqemu/vm';
import { disposeLab } from '../host/dispose-lab.ts';
import { LabSwitch } from '../networks/lab-switch.ts';
import { runningMachines } from './running-machines.ts';
import { runningSwitches } from './running-switches.ts';

/**
 * Leaves nothing of what a state had on this host: processes, sockets, disks, layers and keys. What another state's
 * layers or machines stand on stays.
 */
export async function removeFootprint(host: VmHost, footprint: LabFootprint, signal?: AbortSignal): Promise<void> {
  const { lineage, lab, machines } = footprint;
  const call = signal ? { signal } : {};
  const labFolder = join(host.folders.labs, `${lab ?? ''}-${lineage}`);
  const names = [...machines.map((machine) => machine.name), ...(await folderNames(labFolder))];
  for (const name of new Set(names)) {
    // What a machine is like is in the state alone; to end it, its name is enough.
    const vm = new Vm(host, { lineage, labFolder }, { name } as VmSpec);
    await killVm(vm, call);
    await removeVmFolder(vm.folder.path);
  }
  await endStrays(host, lineage, signal);
  await new LabSwitch(host, labFolder, lineage).remove();
  await endStraySwitches(host, lineage);
  await collectLayers({ store: host.layers, labsFolder: host.folders.labs, lineage, keep: [] });
  await disposeLab(host, labFolder, { lab: lab ?? '', stack: '', lineage });
}

/** QEMUs whose folder is gone, and whose sockets are where another environment put them. */
async function endStrays(host: VmHost, lineage: string, signal: AbortSignal | undefined): Promise<void> {
  const processes = hostProcessTable();
  for (const machine of await runningMachines()) {
    if (machine.home !== host.folders.home || machine.lineage !== lineage) continue;
    const identity = await processes.identify(machine.pid);
    if (identity) await endQemu(identity, machine.name, signal ? { signal } : {});
  }
}

/** Switches whose folder is where another environment put it; each proves by the record there that it is this process. */
async function endStraySwitches({ folders, platform }: VmHost, lineage: string): Promise<void> {
  for (const one of await runningSwitches(folders.home))
    if (one.lineage === lineage) await endSwitch({ folder: one.folder, uuid: one.uuid, platform });
}
