import { canonicalMac } from './arp-table.ts';

/**
 * The newest lease of a MAC in a file of dnsmasq (a line `expiry mac address name id`) or of macOS's bootpd
 * (blocks with `ip_address=` and `hw_address=1,…`).
 */
export function addressInLeases(text: string, mac: string): string | undefined {
  const wanted = canonicalMac(mac);
  let newest: { readonly until: number; readonly address: string } | undefined;
  const consider = (owner: string, address: string, until: number) => {
    if (canonicalMac(owner) === wanted && (!newest || until >= newest.until)) newest = { until, address };
  };
  for (const line of text.split('\n')) {
    const [, until, owner, address] = /^(\d+) ([0-9a-f:]{11,17}) (\d+\.\d+\.\d+\.\d+) /i.exec(line) ?? [];
    // Expiry 0 is a lease without an end.
    if (until && owner && address) consider(owner, address, Number(until) || Number.POSITIVE_INFINITY);
  }
  for (const block of text.split(/[{}]/)) {
    const owner = /hw_address=1,([0-9a-f:]+)/i.exec(block)?.[1];
    const address = /ip_address=(\d+\.\d+\.\d+\.\d+)/.exec(block)?.[1];
    const until = Number.parseInt(/lease=0x([0-9a-f]+)/i.exec(block)?.[1] ?? '0', 16);
    if (owner && address) consider(owner, address, until);
  }
  return newest?.address;
}
