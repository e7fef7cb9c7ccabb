import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { GuestRunner } from '../identity/guest-identity.ts';
import { awaitAddresses, prepareCards, setWayOut } from './join-networks.ts';

const folder = mkdtempSync(join(tmpdir(), 'goqemu-cards-'));
after(() => rmSync(folder, { recursive: true }));

/** A guest whose file system is a folder, and whose programs record what they are asked. */
function guestWith(name: string, programs: Readonly<Record<string, string>>) {
  const root = join(folder, name);
  const device = join(root, 'sys/bus/pci/devices/0000:00:0a.0/virtio3/net/ens10');
  for (const path of [
    device,
    ...['sys/class/net/ens10', 'etc/systemd/network', 'bin', 'run'].map((one) => join(root, one)),
  ])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(root, 'sys/class/net/ens10/address'), '52:54:00:00:00:01\n');
  writeFileSync(join(root, 'log'), '');
  for (const [program, script] of Object.entries(programs))
    writeFileSync(join(root, 'bin', program), `#!/bin/sh\necho ${program} "$@" >> ${root}/log\n${script}\n`, {
      mode: 0o755,
    });
  const run: GuestRunner = async (script) => {
    const moved = script.replaceAll(/(?<=[ "=])\/(sys|etc|run)\//g, `${root}/$1/`);
    const { status, stdout, stderr } = spawnSync('/bin/sh', {
      input: moved,
      encoding: 'utf8',
      env: { PATH: `${root}/bin:/usr/bin:/bin` },
    });
    return { exitCode: status, stdout, stderr };
  };
  return {
    run,
    log: () => readFileSync(join(root, 'log'), 'utf8'),
    read: (path: string) => readFileSync(join(root, path), 'utf8'),
  };
}

const card = { pci: '0000:00:0a.0', mac: '52:54:01:00:00:07', ip: '10.40.0.10', ip6: 'fd00:40::a' };
const hasAddress = 'case "$*" in *"addr show"*) echo "    inet 10.40.0.10/24 scope global" ;; esac';

test('with systemd-networkd a card gets its MAC address, and a file by which it asks for its address at each boot', async () => {
  const guest = guestWith('networkd', { ip: hasAddress, systemctl: 'exit 0', networkctl: '' });
  await prepareCards(guest.run, [card]);
  await prepareCards(guest.run, [card]);
  const file = guest.read('etc/systemd/network/20-goqemu-ens10.network');
  assert.match(
    file,
    /^\[Match\]\nName=ens10\n\[Link\]\nRequiredForOnline=no\n\[Network\]\nDHCP=ipv4\nAddress=fd00:40::a\/64$/m,
  );
  assert.match(guest.log(), /ip link set dev ens10 down\nip link set dev ens10 address 52:54:01:00:00:07\n/);
  assert.equal(guest.log().match(/networkctl reload/g)?.length, 1, 'what is the same is not read again');
  await awaitAddresses(guest.run, [card]);
});

test('a guest with networkd and a resolver of its own asks the networks first, and then those that it had', async () => {
  const isActive = 'case "$*" in *resolved*) exit 3 ;; *) exit 0 ;; esac';
  const guest = guestWith('resolver', { ip: hasAddress, systemctl: isActive, networkctl: '' });
  const [resolver, lease] = ['etc/resolv.conf', 'run/systemd/netif/leases/4'].map((path) =>
    join(folder, 'resolver', path),
  );
  mkdirSync(join(lease ?? '', '..'), { recursive: true });
  writeFileSync(join(folder, 'resolver/sys/class/net/ens10/ifindex'), '4\n');
  writeFileSync(lease ?? '', 'ADDRESS=10.40.0.10\nDNS=10.40.0.1 10.40.0.2\nDOMAINNAME=lan\n');
  writeFileSync(resolver ?? '', '# mine\nnameserver 127.0.0.1\nsearch example.org\n');
  const expected = `# goqemu: the names of the lab's networks
nameserver 10.40.0.1
# goqemu end
# mine
nameserver 127.0.0.1
search example.org
# goqemu: the domains of the lab's networks
search lan example.org
# goqemu end
`;
  for (const _ of [1, 2]) {
    await awaitAddresses(guest.run, [card]);
    assert.equal(guest.read('etc/resolv.conf'), expected);
  }
  writeFileSync(lease ?? '', 'DNS=10.50.0.1\nDOMAINNAME=dmz\n');
  await awaitAddresses(guest.run, [card]);
  assert.equal(
    guest.read('etc/resolv.conf'),
    expected.replace('10.40.0.1', '10.50.0.1').replace('search lan', 'search dmz'),
  );
});

test('a guest without a network manager asks by the client that it has', async () => {
  const guest = guestWith('udhcpc', {
    ip: `[ -e ${join(folder, 'udhcpc/asked')} ] && { ${hasAddress.replace('case', 'case')}\n}\nexit 0`,
    systemctl: 'exit 1',
    udhcpc: `: > ${join(folder, 'udhcpc/asked')}`,
  });
  await prepareCards(guest.run, [card]);
  await awaitAddresses(guest.run, [card]);
  assert.match(guest.log(), /udhcpc -b -S -i ens10 /);
  assert.match(guest.log(), /ip -6 addr replace fd00:40::a\/64 dev ens10\n/);
});

test('a card by which the way out is has its router too, and asks again where it has the address alone', async () => {
  const asked = join(folder, 'routed/asked');
  const own = 'echo "10.44.0.0/24 via 10.40.0.11"';
  const routed = `case "$*" in *"route show"*) if [ -e ${asked} ]; then echo "default via 10.40.0.1 "; else ${own}; fi ;; esac`;
  const guest = guestWith('routed', {
    ip: `${hasAddress}\n${routed}\nexit 0`,
    systemctl: 'exit 1',
    udhcpc: `: > ${asked}`,
  });
  await awaitAddresses(guest.run, [{ ...card, router: '10.40.0.1' }]);
  await awaitAddresses(guest.run, [{ ...card, router: '10.40.0.1' }]);
  assert.equal(guest.log().match(/^udhcpc /gm)?.length, 1);
  const [, after = ''] = guest.log().split('udhcpc ');
  assert.match(after, /^ip -4 route replace 10\.44\.0\.0\/24 via 10\.40\.0\.11 dev ens10$/m, 'those of a step stay');
});

test('routes that a step has made outlive another MAC address of their card', async () => {
  const shown = '10.40.0.0/24 scope link src 10.40.0.10\n10.44.0.0/24 via 10.40.0.11 linkdown';
  const routes = `case "$*" in *"route show"*) echo '${shown}' ;; esac`;
  const guest = guestWith('routes', { ip: routes, systemctl: 'exit 1' });
  await prepareCards(guest.run, [card]);
  const [, after = ''] = guest.log().split('address 52:54:01:00:00:07\n');
  assert.deepEqual(after.match(/ip link set dev ens10 up|ip -4 route replace .*/g)?.slice(-2), [
    'ip link set dev ens10 up',
    'ip -4 route replace 10.44.0.0/24 via 10.40.0.11 dev ens10',
  ]);
});

test('a card that is not there, and values that could be read as code, are errors', async () => {
  const guest = guestWith('none', { ip: '', systemctl: 'exit 1' });
  await assert.rejects(prepareCards(guest.run, [{ ...card, pci: '0000:00:0b.0' }]), {
    code: 'guest-network-failed',
    detail: 'the guest has no network card at PCI address 0000:00:0b.0',
  });
  for (const wrong of [
    { ...card, pci: '$(id)' },
    { ...card, mac: 'a;id' },
    { ...card, ip: '`id`' },
    { ...card, router: ';id' },
  ])
    await assert.rejects(prepareCards(guest.run, [wrong]), { code: 'identity-invalid' });
});

test('a guest without a way out has no default route by its first card, and an unreachable name server', async () => {
  const guest = guestWith('closed', { ip: 'case "$*" in *"del default"*) exit 2 ;; esac' });
  await setWayOut(guest.run, { pci: card.pci, isOpen: false });
  assert.match(guest.log(), /ip route del default dev ens10\nip -6 route del default dev ens10\n/);
  assert.match(guest.log(), /ip route add unreachable 10\.0\.2\.3\/32\n$/);
});

test('a guest that gets its way out back asks for its routes again; one that had it is left alone', async () => {
  const back = guestWith('back', { ip: '', networkctl: 'exit 1' });
  await setWayOut(back.run, { pci: card.pci, isOpen: true });
  assert.match(back.log(), /networkctl reconfigure ens10\nip route add default via 10\.0\.2\.2 dev ens10\n$/);
  const open = guestWith('open', { ip: 'exit 2' });
  await setWayOut(open.run, { pci: card.pci, isOpen: true });
  assert.equal(open.log(), 'ip route del unreachable 10.0.2.3/32\n');
});
