import { GoqemuError } from '@goqemu/core';
import type { GuestRunner } from '../identity/guest-identity.ts';

/** A network card of the guest, by its place on the PCI bus: its name is the guest's own affair. */
export interface GuestCard {
  /** `0000:00:0a.0`. */
  readonly pci: string;
  /** Lower case, with colons. */
  readonly mac: string;
  /** The IPv4 address that a DHCP server has for it; absent for a card without a cable. */
  readonly ip?: string;
  /** The IPv6 address that it has in a network with IPv6, beside those that it makes itself. */
  readonly ip6?: string;
  /** The default route that the DHCP server gives with the address. */
  readonly router?: string;
}

/**
 * Gives the cards of a running guest their MAC addresses, and has its network manager ask for theirs by DHCP whenever
 * they have a carrier, now and after each boot; doing it twice is as doing it once. systemd-networkd gets a file of its
 * own; NetworkManager asks without one; other guests run `udhcpc`, `dhclient` or `dhcpcd` in `awaitAddresses`, until
 * their next boot.
 *
 * @throws GoqemuError `guest-network-failed` with what the guest said
 */
export async function prepareCards(run: GuestRunner, cards: readonly GuestCard[]): Promise<void> {
  await runChecked(run, prepareScript(cards), 'prepare the network cards of the guest');
}

/**
 * Waits until cards that have a cable have their addresses, and their routers where they have one, 20 s at most.
 *
 * @throws GoqemuError `guest-network-failed` with what the guest said
 */
export async function awaitAddresses(run: GuestRunner, cards: readonly GuestCard[]): Promise<void> {
  if (cards.some(({ ip }) => ip !== undefined))
    await runChecked(run, awaitScript(cards), 'bring the guest into the networks of its lab');
}

/**
 * Has a guest know whether it reaches more than its networks, as QEMU's user-mode network lets it (`restrict`). That one drops what is
 * for elsewhere without a word: a guest whose RAM is from before would wait for answers. Without a way out it has no
 * default route by that card, and its name server, 10.0.2.3, is unreachable at once.
 *
 * @throws GoqemuError `guest-network-failed` with what the guest said
 */
export async function setWayOut(
  run: GuestRunner,
  { pci, isOpen }: { readonly pci: string; readonly isOpen: boolean },
): Promise<void> {
  if (!shape.pci.test(pci)) throw new TypeError(`${pci} is no PCI address`);
  await runChecked(run, wayOutScript(pci, isOpen), 'set the way out of the guest');
}

/** slirp's defaults: QEMU's -netdev user. */
const slirp = { nameServer: '10.0.2.3', router: '10.0.2.2' };

function wayOutScript(pci: string, isOpen: boolean): string {
  if (!isOpen)
    return `${findCard}
find_card ${pci}
while ip route del default dev "$dev" 2>/dev/null; do :; done
while ip -6 route del default dev "$dev" 2>/dev/null; do :; done
ip route del unreachable ${slirp.nameServer}/32 2>/dev/null
ip route add unreachable ${slirp.nameServer}/32
`;
  return `${findCard}
if ip route del unreachable ${slirp.nameServer}/32 2>/dev/null; then
find_card ${pci}
networkctl reconfigure "$dev" 2>/dev/null || ip route add default via ${slirp.router} dev "$dev"
fi
`;
}

async function runChecked(run: GuestRunner, script: string, what: string): Promise<void> {
  const result = await run(script);
  if (result.exitCode === 0) return;
  throw new GoqemuError({
    code: 'guest-network-failed',
    source: 'environment',
    message: `goqemu could not ${what}`,
    detail: result.stderr.trim() || `exit code ${result.exitCode ?? 'none'}`,
    hint: 'the guest needs the command ip, and systemd-networkd, NetworkManager, udhcpc, dhclient or dhcpcd',
  });
}

const shape = { pci: /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/, mac: /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/ };
const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const ipv6 = /^[\da-f:]{2,39}$/;

function checked(cards: readonly GuestCard[]): readonly GuestCard[] {
  const wrong = cards.find(
    ({ pci, mac, ip = '0.0.0.0', ip6 = '::', router = '0.0.0.0' }) =>
      !shape.pci.test(pci) || !shape.mac.test(mac) || !ipv4.test(ip) || !ipv6.test(ip6) || !ipv4.test(router),
  );
  if (!wrong) return cards;
  throw new GoqemuError({
    code: 'identity-invalid',
    source: 'user',
    subject: 'card',
    message: `${JSON.stringify(wrong)} cannot be a network card of a guest`,
    detail: 'expected pci as 0000:00:0a.0, mac as 52:54:00:00:00:01, ip as 10.0.0.10, ip6 as fd00::a',
    hint: 'correct the value',
  });
}

/** Sets `dev` to the guest's name of the card at a PCI address. */
const findCard = `find_card() {
dev=
for net in /sys/bus/pci/devices/"$1"/virtio*/net/* /sys/bus/pci/devices/"$1"/net/*; do
if [ -e "$net" ]; then dev=\${net##*/}; return; fi
done
echo "the guest has no network card at PCI address $1" >&2
exit 1
}`;

/** Routes that a step has made go with a card that is taken down, or asks for its address again; they are made again. */
const keepRoutes = `note_routes() {
routes=$(ip -4 route show dev "$dev" 2>/dev/null | sed -n "/ via /{s/ linkdown//;s/ dead//;s/ dev $dev//;p;}")
}
put_routes() {
printf '%s\\n' "$routes" | while read -r route; do
case "$route" in ''|"$1 "*) ;; *) ip -4 route replace $route dev "$dev" 2>/dev/null || : ;; esac
done
}`;

/**
 * Has a guest ask the name servers of its networks before its own ones, where systemd-networkd gets the addresses and no
 * systemd-resolved the names: NetworkManager and the other clients write /etc/resolv.conf themselves. What they do not know they refuse,
 * and glibc and musl ask the next one then (resolv.conf(5)). The last \`search\` counts, so that ours ends the file with
 * the domains that were there. A file that cannot be written stays as it is.
 */
const nameServers = `servers=
domains=
note_names() {
if ! systemctl -q is-active systemd-networkd.service 2>/dev/null || systemctl -q is-active systemd-resolved.service 2>/dev/null; then return 0; fi
read -r index < "/sys/class/net/$dev/ifindex"
lease=/run/systemd/netif/leases/$index
server=$(sed -n 's/^DNS=\\([^ ]*\\).*/\\1/p' "$lease" 2>/dev/null)
if [ -z "$server" ]; then return 0; fi
servers="$servers
nameserver $server"
domains="$domains $(sed -n 's/^DOMAINNAME=//p' "$lease")"
}
put_names() {
if [ -z "$servers" ]; then return 0; fi
file=/etc/resolv.conf
own=$(sed '/^# goqemu: /,/^# goqemu end$/d' "$file" 2>/dev/null)
had=$(printf '%s\\n' "$own" | sed -n 's/^\\(search\\|domain\\)[[:space:]]*//p' | tail -n 1)
text="# goqemu: the names of the lab's networks$servers
# goqemu end
$own
# goqemu: the domains of the lab's networks
search$domains\${had:+ $had}
# goqemu end"
if [ "$(cat "$file" 2>/dev/null)" != "$text" ]; then printf '%s\\n' "$text" 2>/dev/null > "$file" || :; fi
}`;

/**
 * `RequiredForOnline`: a card without a cable must not hold a boot up. systemd.network(5).
 */
function prepareScript(cards: readonly GuestCard[]): string {
  const calls = checked(cards).map(({ pci, mac, ip6 = '' }) => `card ${pci} ${mac} ${ip6}`);
  return `set -e
${findCard}
${keepRoutes}
networkd=
if systemctl -q is-active systemd-networkd.service 2>/dev/null; then networkd=1; fi
changed=
card() {
find_card "$1"
read -r mac < "/sys/class/net/$dev/address"
routes=
if [ "$mac" != "$2" ]; then
note_routes
ip link set dev "$dev" down
ip link set dev "$dev" address "$2"
fi
if [ -n "$networkd" ]; then
text="# Written by goqemu: a network of the lab.
[Match]
Name=$dev
[Link]
RequiredForOnline=no
[Network]
DHCP=ipv4
\${3:+Address=$3/64}
[DHCPv4]
UseDomains=yes
RouteMetric=2048"
file=/etc/systemd/network/20-goqemu-$dev.network
if [ "$(cat "$file" 2>/dev/null)" != "$text" ]; then
printf '%s\\n' "$text" > "$file"
changed=1
fi
elif [ -n "$3" ]; then
ip link set dev "$dev" up
ip -6 addr replace "$3/64" dev "$dev" 2>/dev/null || ip -6 addr add "$3/64" dev "$dev" 2>/dev/null || :
fi
ip link set dev "$dev" up
put_routes none
}
${calls.join('\n')}
if [ -n "$changed" ]; then networkctl reload; fi
`;
}

function awaitScript(cards: readonly GuestCard[]): string {
  const calls = checked(cards).flatMap(({ pci, ip, router = '' }) =>
    ip === undefined ? [] : [`card ${pci} ${ip} ${router}`],
  );
  return `${findCard}
${keepRoutes}
${nameServers}
is_managed() {
systemctl -q is-active systemd-networkd.service 2>/dev/null || systemctl -q is-active NetworkManager.service 2>/dev/null
}
has() { ip -4 addr show dev "$dev" 2>/dev/null | grep -q "inet $1/"; }
is_routed() { [ -z "$1" ] || ip -4 route show dev "$dev" 2>/dev/null | grep -q "^default via $1 "; }
start_client() {
pid=/run/goqemu-dhcp-$dev.pid
if [ -s "$pid" ]; then kill "$(cat "$pid")" 2>/dev/null; rm -f "$pid"; fi
if command -v udhcpc >/dev/null; then
script=/usr/share/udhcpc/default.script
for one in /etc/udhcpc.script /etc/udhcpc/default.script; do if [ -x $one ]; then script=$one; fi; done
udhcpc -b -S -i "$dev" -p "$pid" -s $script
elif command -v dhclient >/dev/null; then dhclient -nw -pf "$pid" "$dev"
elif command -v dhcpcd >/dev/null; then dhcpcd -b "$dev"
else echo 'no DHCP client' >&2; exit 1
fi >/dev/null 2>&1 </dev/null
}
card() {
find_card "$1"
if has "$2" && is_routed "$3"; then note_names; return; fi
note_routes
if ! is_managed; then start_client
elif [ -n "$3" ]; then networkctl reconfigure "$dev" 2>/dev/null
fi
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
for part in 1 2 3 4 5; do
if has "$2" && is_routed "$3"; then put_routes "\${3:+default}"; note_names; return; fi
sleep 0.2
done
done
echo "$dev did not get the address $2\${3:+ and the router $3} within 20 s; it has: $(ip -4 -o addr show dev "$dev" 2>&1)" >&2
exit 1
}
${calls.join('\n')}
put_names
`;
}
