import { isIPv4 } from 'node:net';
import { errorMessage, GoqemuError } from '@goqemu/core';
import type { GuestSession } from '@goqemu/guest';

/** A VM's address, and where it was found. */
export interface GuestAddress {
  /** The VM's own IPv4 address. */
  readonly address: string;
  /** `forward`: asked in the guest over its forwarded SSH port. */
  readonly foundBy: 'guest-agent' | 'lease' | 'arp' | 'forward';
  /** Whether this host reaches every port of the VM there; if not, it takes a forwarded port or a tunnel. */
  readonly direct: boolean;
}

/** Whose address is asked for. */
export interface AddressedMachine {
  /** As messages name it: `VM "web"`. */
  readonly title: string;
  /** Of the card that has the address, in lower case. */
  readonly mac: string;
  /** Whether this host reaches the machine at its address. */
  readonly direct: boolean;
}

/** Who may know the address, in the order in which they are asked. */
export type AddressSource = readonly [GuestAddress['foundBy'], () => Promise<string | undefined>];

/**
 * @throws GoqemuError `address-unknown` with what each source said
 */
export async function findGuestAddress(
  { title, mac, direct }: AddressedMachine,
  sources: readonly AddressSource[],
  signal: AbortSignal | undefined,
): Promise<GuestAddress> {
  const reasons: string[] = [];
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
    subject: title,
    message: `${title} has no IPv4 address that can be found`,
    detail: reasons.join('\n'),
    hint: 'check the network in the guest; commands, files and tunnels work without an address',
  });
}

/** Asks the guest itself, over its forwarded SSH port. */
export async function addressInGuest(
  session: GuestSession,
  mac: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const script = `for card in /sys/class/net/*; do
if [ "$(cat "$card/address")" = ${mac} ]; then ip -4 -o addr show dev "\${card##*/}" scope global; fi
done`;
  const { stdout } = await session.exec(script, {
    label: 'getting the address',
    timeoutMs: 30_000,
    repeatable: true,
    ...(signal ? { signal } : {}),
  });
  const address = /\binet (\S+?)\//.exec(stdout)?.[1];
  return address && isIPv4(address) ? address : undefined;
}
