import { networkInterfaces } from 'node:os';
import { GoqemuError } from '@goqemu/core';
import type { BackendRecord, MachineSpec, ObservedMachine } from '@goqemu/lab';
import { defaultRouteInterface, type HostNetwork, heardAddress, leasedAddress } from '@goqemu/network';
import { chooseNetwork, hasOutwardCard, hostNetworkSchema, outwardMac, type VmHost } from '@goqemu/vm';
import type { MachinePlace } from './backend-machine.ts';

/**
 * The way into the host's network of a machine that is to be there: the one that it was made with, else one that is open.
 *
 * @throws GoqemuError `host-network-unavailable`
 */
export async function hostNetworkOf(
  { host, spec, labFolder }: Pick<MachinePlace, 'host' | 'spec' | 'labFolder'>,
  record: BackendRecord,
  signal?: AbortSignal,
): Promise<HostNetwork | undefined> {
  if (spec.network !== 'host') return undefined;
  const recorded = hostNetworkSchema.safeParse(record.network);
  if (recorded.success) return recorded.data;
  const wish = { wish: 'host', arch: spec.arch, place: `${labFolder}/${spec.name}` } as const;
  return (await chooseNetwork(host, wish, signal ? { signal } : {})).network;
}

/**
 * The IPv4 address by which the host's network knows a machine, without one while nothing here knows it; and the MAC
 * address of the card that has it, where that is not the first.
 */
export async function onHostNetwork(
  { host, spec }: Pick<MachinePlace, 'host' | 'spec'>,
  record: BackendRecord,
): Promise<Pick<ObservedMachine, 'ip' | 'mac'>> {
  const { data: network } = hostNetworkSchema.safeParse(record.network);
  if (!network) return {};
  if (!hasOutwardCard({ network })) return withAddress(await addressOfHost());
  const mac = outwardMac({ network, identity: spec.identity });
  return { mac, ...withAddress((await leasedAddress(mac)) ?? (await heardAddress(mac, host.platform.system))) };
}

function withAddress(ip: string | undefined) {
  return ip === undefined ? {} : { ip };
}

/** What a guest of passt has: the address of the interface of the default route (passt(1), --address). */
async function addressOfHost(): Promise<string | undefined> {
  const name = await defaultRouteInterface();
  return name === undefined ? undefined : networkInterfaces()[name]?.find(({ family }) => family === 'IPv4')?.address;
}

/**
 * A copy has its original's card, and a network has one card of an address.
 *
 * @throws GoqemuError `host-network-unavailable`
 */
export function checkCopy({ name }: MachineSpec, network: HostNetwork | undefined): void {
  if (!network || !hasOutwardCard({ network })) return;
  throw new GoqemuError({
    code: 'host-network-unavailable',
    source: 'user',
    subject: name,
    message: `${name} has an address of its own on the host's network, where a copy of it would have the same`,
    hint: `fork the other machines alone with --vm, or take network: 'host' out of ${name}`,
  });
}

/** @throws GoqemuError `host-network-unavailable` where no way is open */
export async function tryHostNetwork(host: VmHost, spec: MachineSpec, signal: AbortSignal): Promise<void> {
  await chooseNetwork(host, { wish: 'host', arch: spec.arch, place: `preflight/${spec.name}` }, { signal });
}
