import { isIPv4 } from 'node:net';
import type { GuestSession } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { heardAddress, leasedAddress } from '@goqemu/network';
import { hasOutwardCard, outwardMac } from '@goqemu/vm';
import { screenAbsent } from '../../lab/use-display.ts';
import type { GuestAccess } from '../guest/guest-access.ts';
import { addressInGuest, findGuestAddress, type GuestAddress } from '../guest/guest-address.ts';
import type { DrivenVm, RunningVm } from './driven-vm.ts';

/** How the guest of a VM is reached. */
export function vmAccess(driven: DrivenVm): GuestAccess {
  return {
    get title() {
      return driven.title;
    },
    logger: driven.logger,
    commandMs: driven.config.timeouts.command,
    use: (what, work, signal) =>
      driven.use(what, (session, held) => work(session, (error) => driven.explain(what, error, held, session)), signal),
    screen: {
      use: (what, work, signal) =>
        driven.use(
          what,
          (_session, { vm, machine }) => {
            if (!vm.spec.display) throw screenAbsent(`VM ${JSON.stringify(vm.spec.name)}`);
            return work(machine.display);
          },
          signal,
        ),
    },
    address: (signal) => driven.use('the address', (session, held) => findVmAddress(held, session, signal), signal),
  };
}

/** Asks, in this order: the guest agent, the host's DHCP leases, its ARP table, the guest itself over SSH. */
async function findVmAddress(
  { vm, machine }: RunningVm,
  session: GuestSession,
  signal: AbortSignal | undefined,
): Promise<GuestAddress> {
  const { spec, host } = vm;
  const mac = outwardMac(spec, await vm.state());
  return findGuestAddress(
    { title: `VM ${JSON.stringify(spec.name)}`, mac, direct: hasOutwardCard(spec) },
    [
      ['guest-agent', () => fromAgent(machine, mac, signal)],
      ['lease', () => leasedAddress(mac)],
      ['arp', () => heardAddress(mac, host.platform.system)],
      ['forward', () => addressInGuest(session, mac, signal)],
    ],
    signal,
  );
}

async function fromAgent(machine: Machine, mac: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  await using agent = await machine.agent({ timeoutMs: 3_000, ...(signal ? { signal } : {}) });
  const interfaces = await agent.networkInterfaces();
  const card = interfaces.find((one) => one['hardware-address']?.toLowerCase() === mac);
  return card?.['ip-addresses']?.map((one) => one['ip-address']).find((text) => isIPv4(text));
}
