import { candidatePorts, firstFreePort, portTaken, portUse } from '@goqemu/network';
import { readRecord, standaloneNames, unreadable, type VmHost } from '@goqemu/vm';
import type { VmShape } from '../options/vm-config.ts';

export interface ChosenPorts {
  readonly sshPort: number;
  readonly forwards: Readonly<Record<string, { readonly host: number; readonly guest: number }>>;
}

/**
 * Ports of this host's loopback for a VM: those that were asked for by number, those that it had before, else free
 * ones.
 *
 * @throws GoqemuError `port-taken` for one that was asked for, naming who has it
 */
export async function choosePorts(
  host: VmHost,
  name: string,
  wishes: VmShape['forward'],
  before?: ChosenPorts,
): Promise<ChosenPorts> {
  const others = new Set<number>();
  for (const other of await standaloneNames(host)) {
    const record = other === name ? undefined : await readRecord(host, other).catch(unreadable);
    const { identity, forwards } = record?.spec ?? {};
    if (identity) others.add(identity.sshPort);
    for (const forward of Object.values(forwards ?? {})) others.add(forward.host);
  }
  const choose = async (purpose: string, former: number | undefined): Promise<number> => {
    const free = former !== undefined && !others.has(former) && (await portUse(former)) === undefined;
    const port = free ? former : await firstFreePort(candidatePorts(`standalone/${name}/${purpose}`), others);
    others.add(port);
    return port;
  };
  const forwards: Record<string, { host: number; guest: number }> = {};
  for (const [label, { guest, host: wanted }] of Object.entries(wishes)) {
    if (wanted === undefined) continue;
    const use = await portUse(wanted);
    if (use) throw portTaken(use, `forward.${label}`);
    others.add(wanted);
    forwards[label] = { host: wanted, guest };
  }
  for (const [label, { guest, host: wanted }] of Object.entries(wishes)) {
    if (wanted !== undefined) continue;
    forwards[label] = { host: await choose(`forward/${label}`, before?.forwards[label]?.host), guest };
  }
  return { sshPort: await choose('ssh', before?.sshPort), forwards };
}
