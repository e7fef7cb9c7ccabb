import { candidatePorts, firstFreePort, portTaken, portUse } from '@goqemu/network';
import { hostPortOf, type PortForward } from '@goqemu/spec';
import { readRecord, standaloneNames, unreadable, type VmHost, type VmSpec } from '@goqemu/vm';
import type { VmShape } from '../options/vm-config.ts';

export interface ChosenPorts {
  readonly sshPort: number;
  readonly forwards: VmSpec['forwards'];
}

/**
 * Ports of this host's loopback for a VM: those that were asked for by number, those that it had before, else free
 * ones.
 *
 * @throws GoqemuError `port-taken` for one that was asked for, naming who has it
 */
export async function choosePorts(
  vmHost: VmHost,
  name: string,
  wishes: VmShape['forward'],
  before?: ChosenPorts,
): Promise<ChosenPorts> {
  const others = new Set<number>();
  for (const other of await standaloneNames(vmHost)) {
    const record = other === name ? undefined : await readRecord(vmHost, other).catch(unreadable);
    const { identity, forwards } = record?.spec ?? {};
    if (identity) others.add(identity.sshPort);
    for (const forward of Object.values(forwards ?? {})) others.add(forward.host);
  }
  const choose = async (
    purpose: string,
    former: number | undefined,
    { protocol }: Pick<PortForward, 'protocol'> = {},
  ): Promise<number> => {
    const portOf = (host: number) => hostPortOf(protocol ? { protocol, host } : { host });
    const free = former !== undefined && !others.has(former) && (await portUse(portOf(former))) === undefined;
    const candidates = candidatePorts(`standalone/${name}/${purpose}`);
    const port = free ? former : await firstFreePort(candidates, others, protocol);
    others.add(port);
    return port;
  };
  const forwards: Record<string, PortForward> = {};
  for (const [label, { guest, host: wanted, ...protocol }] of Object.entries(wishes)) {
    if (wanted === undefined) continue;
    const use = await portUse(hostPortOf({ ...protocol, host: wanted }));
    if (use) throw portTaken(use, `forward.${label}`);
    others.add(wanted);
    forwards[label] = { ...protocol, host: wanted, guest };
  }
  for (const [label, { guest, host: wanted, ...protocol }] of Object.entries(wishes)) {
    if (wanted !== undefined) continue;
    const host = await choose(`forward/${label}`, before?.forwards[label]?.host, protocol);
    forwards[label] = { ...protocol, host, guest };
  }
  return { sshPort: await choose('ssh', before?.sshPort), forwards };
}
