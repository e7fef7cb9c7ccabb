import { join } from 'node:path';
import { folderNames, statIfThere } from '@goqemu/core';
import type { LabFootprint } from '@goqemu/lab';
import { standaloneLineages, type VmHost } from '@goqemu/vm';
import { runningMachines } from './running-machines.ts';
import { runningSwitches } from './running-switches.ts';

interface Draft {
  lab: string | undefined;
  readonly machines: Map<string, number | undefined>;
  readonly folders: string[];
  switch: number | undefined;
  layers: number;
}

/** Everything of labs in goqemu's folder, by the lineage of their states. VMs without a lab are not among it. */
export async function findFootprints(host: VmHost): Promise<readonly LabFootprint[]> {
  const { labs, home } = host.folders;
  const drafts = new Map<string, Draft>();
  const draftOf = (lineage: string): Draft => {
    const draft = drafts.get(lineage) ?? {
      lab: undefined,
      machines: new Map(),
      folders: [],
      switch: undefined,
      layers: 0,
    };
    drafts.set(lineage, draft);
    return draft;
  };
  for (const folder of await folderNames(labs)) {
    const [, lab, lineage] = /^(.+)-([0-9a-f]{12})$/.exec(folder) ?? [];
    if (lab === undefined || lineage === undefined) continue;
    const draft = draftOf(lineage);
    draft.lab = lab;
    for (const name of await folderNames(join(labs, folder))) {
      draft.machines.set(name, undefined);
      draft.folders.push(join(labs, folder, name));
    }
  }
  // One whose folder was removed manually keeps running all the same.
  for (const machine of await runningMachines()) {
    if (machine.home !== home) continue;
    const draft = draftOf(machine.lineage);
    draft.lab ??= machine.lab;
    draft.machines.set(machine.name, machine.pid);
  }
  for (const { pid, lab, lineage } of await runningSwitches(home)) {
    const draft = draftOf(lineage);
    draft.lab ??= lab;
    draft.switch = pid;
  }
  const standalone = new Set(await standaloneLineages(host));
  for (const { manifest, folder } of await host.layers.list()) {
    const [owner, ...others] = manifest.owners;
    if (owner === undefined || others.length > 0 || standalone.has(owner)) continue;
    const draft = draftOf(owner);
    draft.layers++;
    draft.folders.push(folder, join(host.layers.memoryFolder, manifest.id));
  }
  return Promise.all(
    [...drafts].map(async ([lineage, { lab, machines, folders, switch: carrier, layers }]) => ({
      lineage,
      lab,
      machines: [...machines].map(([name, pid]) => ({
        name,
        isRunning: pid !== undefined,
        ...(pid === undefined ? {} : { display: { pid } }),
      })),
      ...(carrier === undefined ? {} : { networks: { display: { pid: carrier } } }),
      layers,
      bytes: await bytesIn(folders),
    })),
  );
}

/** A file with two names is counted once. */
async function bytesIn(folders: readonly string[]): Promise<number> {
  const seen = new Set<string>();
  let bytes = 0;
  for (const folder of folders) {
    for (const name of await folderNames(folder)) {
      const found = await statIfThere(join(folder, name));
      if (!found?.isFile() || seen.has(`${found.dev}:${found.ino}`)) continue;
      seen.add(`${found.dev}:${found.ino}`);
      bytes += found.blocks * 512;
    }
  }
  return bytes;
}
