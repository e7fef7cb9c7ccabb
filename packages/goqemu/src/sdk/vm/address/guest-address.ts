import { isIPv4 } from 'node:net';
import { errorMessage, GoqemuError } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { heardAddress, leasedAddress } from '@goqemu/network';
import { hasOutwardCard, outwardMac, type Vm } from '@goqemu/vm';

/** A VM's address, and who told it. */
export interface GuestAddress {
  /** The VM's own IPv4 address. */
  readonly address: string;
  /** `forward`: asked in the guest over its forwarded SSH port. */
  readonly foundBy: 'guest-agent' | 'lease' | 'arp' | 'forward';
  /** Whether this host reaches every port of the VM there; if not, it takes a forwarded port or a tunnel. */
  readonly direct: boolean;
}

/**
 * Asks, in this order: the guest agent, the host's DHCP leases, its ARP table, the guest itself over SSH.
 *
 * @throws GoqemuError `address-unknown` with what each of them said
 */
export async function findGuestAddress(
  vm: Vm,
  machine: Machine,
  session: GuestSession,
  signal: AbortSignal | undefined,
): Promise<GuestAddress> {
  const mac = outwardMac(vm.spec);
  const direct = hasOutwardCard(vm.spec);
  const reasons: string[] = [];
  const sources = [
    ['guest-agent', () => fromAgent(machine, mac, signal)],
    ['lease', () => leasedAddress(mac)],
    ['arp', () => heardAddress(mac, vm.host.platform.system)],
    ['forward', () => fromGuest(session, mac, signal)],
  ] as const;
  for (const [foundBy, ask] of sources) {
    try {
      const address = await ask();
      if (address) return { address, foundBy, direct };
      reasons.push(`${foundBy}: knows no address of ${mac}`);
    } catch (error) {
      signal?.throwIfAborted();
      reasons.push(`${foundBy}: ${errorMessage(error)}`);
    }
  }
  throw new GoqemuError({
    code: 'address-unknown',
    source: 'environment',
    subject: vm.spec.name,
    message: `VM "${vm.spec.name}" has no IPv4 address that can be found`,
    detail: reasons.join('\n'),
    hint: 'look at the network in the guest; its SSH is reached all the same at sshEndpoint()',
  });
}

async function fromAgent(machine: Machine, mac: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  await using agent = await machine.agent({ timeoutMs: 3_000, ...(signal ? { signal } : {}) });
  const interfaces = await agent.networkInterfaces();
  const card = interfaces.find((one) => one['hardware-address']?.toLowerCase() === mac);
  return card?.['ip-addresses']?.map((one) => one['ip-address']).find((text) => isIPv4(text));
}

async function fromGuest(
  session: GuestSession,
  mac: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const script = `for card in /sys/class/net/*; do
if [ "$(cat "$card/address")" = ${mac} ]; then ip -4 -o addr show dev "\${card##*/}" scope global; fi
done`;
  const { stdout } = await session.exec(script, {
    label: 'asking for the address',
    timeoutMs: 30_000,
    repeatable: true,
    ...(signal ? { signal } : {}),
  });
  const address = /\binet (\S+?)\//.exec(stdout)?.[1];
  return address && isIPv4(address) ? address : undefined;
}
