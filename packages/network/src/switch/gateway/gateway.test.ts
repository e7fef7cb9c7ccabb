import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, decode, encode } from 'dns-packet';
import fc from 'fast-check';
import { type SwitchConfigurationInput, switchConfiguration } from '../control/configuration.ts';
import { broadcastMac, etherType, macBytes, macText } from '../frames/ethernet.ts';
import { readArp } from './arp.ts';
import { dhcpOption, dhcpType } from './dhcp-message.ts';
import { Gateway } from './gateway.ts';
import { ipBytes, ipText } from './ip-range.ts';
import { allNodes, groupMac, icmp6Packet, linkLocal } from './neighbour-discovery.ts';
import { ethernetFrame, ipPacket, type Packet, readIpv4, readIpv6, readUdp, udpPacket } from './packets.ts';

const webMac = '52:54:00:00:00:01';
const web = macBytes(webMac);
const webIp = ipBytes('10.40.0.11');
const gatewayIp = ipBytes('10.40.0.1');
const none = ipBytes('0.0.0.0');
const all = ipBytes('255.255.255.255');

function gatewayOf(network: Partial<SwitchConfigurationInput['networks'][number]> = {}): Gateway {
  const endpoint = (path: string) => ({ kind: 'unix' as const, path });
  const { networks, ports } = switchConfiguration.parse({
    networks: [{ name: 'lan', cidr: '10.40.0.0/24', ...network }],
    ports: [
      {
        machine: 'web',
        card: 'n1',
        network: 'lan',
        endpoint: endpoint('/w'),
        mac: webMac,
        ip: '10.40.0.11',
        ip6: 'fd00::11',
        aliases: ['www'],
      },
      {
        machine: 'db',
        card: 'n1',
        network: 'lan',
        endpoint: endpoint('/d'),
        mac: '52:54:00:00:00:02',
        ip: '10.40.0.12',
        hostname: 'db.example',
      },
      { machine: 'bare', card: 'n1', network: 'lan', endpoint: endpoint('/b'), mac: '52:54:00:00:00:03' },
    ],
  });
  const [first] = networks;
  if (!first) assert.fail();
  return new Gateway(first, ports);
}

function ask(gateway: Gateway, type: number, payload: Buffer, to: Buffer = gateway.mac): Buffer | undefined {
  const asked = ethernetFrame(to, web, type, payload);
  const answer = gateway.answer(asked, 4, asked.length);
  if (!answer) return undefined;
  assert.equal(answer.readUInt32BE(0), answer.length - 4);
  assert.equal(macText(answer, 10), macText(gateway.mac));
  return answer.subarray(4);
}

/** The packet in the answer to a packet. */
function exchange(gateway: Gateway, packet: Buffer, to?: Buffer): Packet {
  const isV4 = packet[0] === 0x45;
  const answer = ask(gateway, isV4 ? etherType.ipv4 : etherType.ipv6, packet, to);
  const read = answer && (isV4 ? readIpv4 : readIpv6)(answer, 14, answer.length);
  if (!read) assert.fail('there is no answer');
  return read;
}

function dns(gateway: Gateway, name: string, type: 'A' | 'AAAA' | 'PTR' | 'MX', extras: Answer[] = []) {
  const payload = encode({ type: 'query', id: 7, flags: 0x100, questions: [{ name, type }], additionals: extras });
  const datagram = readUdp(
    exchange(gateway, udpPacket(webIp, gatewayIp, { sourcePort: 4000, targetPort: 53, payload })),
  );
  assert.deepEqual([datagram?.sourcePort, datagram?.targetPort], [53, 4000]);
  const answer = decode(datagram?.payload ?? Buffer.alloc(0)) as ReturnType<typeof decode> & { rcode: string };
  assert.deepEqual([answer.id, answer.questions?.[0]?.name, answer.flag_rd], [7, name, true]);
  return {
    code: answer.rcode,
    data: (answer.answers ?? []).map((each) => ('data' in each ? each.data : undefined)),
    answer,
  };
}

interface Dhcp {
  readonly type: number;
  readonly mac?: string;
  readonly clientIp?: Buffer;
  readonly flags?: number;
  readonly options?: readonly [number, Buffer][];
}

function dhcpRequest({ type, mac = webMac, clientIp = none, flags = 0, options = [] }: Dhcp): Buffer {
  const message = Buffer.alloc(240);
  message.set([1, 1, 6, 0, 0xca, 0xfe, 0, 1]);
  message.writeUInt16BE(flags, 10);
  clientIp.copy(message, 12);
  macBytes(mac).copy(message, 28);
  message.writeUInt32BE(0x63825363, 236);
  const all: (readonly [number, Buffer])[] = [[dhcpOption.type, Buffer.from([type])], ...options];
  return Buffer.concat([
    message,
    ...all.flatMap(([code, value]) => [Buffer.from([code, value.length]), value]),
    Buffer.from([255]),
  ]);
}

function dhcp(gateway: Gateway, request: Dhcp) {
  const payload = dhcpRequest(request);
  const source = request.clientIp ?? none;
  const packet = udpPacket(source, all, { sourcePort: 68, targetPort: 67, payload });
  const answer = ask(gateway, etherType.ipv4, packet, broadcastMac);
  if (!answer) return undefined;
  const read = readIpv4(answer, 14, answer.length);
  const message = read && readUdp(read)?.payload;
  if (!message) assert.fail('the answer is no datagram');
  const options = new Map<number, Buffer>();
  for (let at = 240; message[at] !== 255; at += 2 + (message[at + 1] ?? 0))
    options.set(message[at] ?? 0, message.subarray(at + 2, at + 2 + (message[at + 1] ?? 0)));
  return {
    to: macText(answer),
    toIp: ipText(read.target),
    transaction: message.readUInt32BE(4),
    yourIp: ipText(message.subarray(16, 20)),
    type: options.get(dhcpOption.type)?.[0],
    options,
  };
}

test('it answers ARP for its own address alone', () => {
  const gateway = gatewayOf();
  const request = (ip: string) =>
    Buffer.concat([Buffer.from('0001080006040001', 'hex'), web, webIp, Buffer.alloc(6), ipBytes(ip)]);
  const answer = ask(gateway, etherType.arp, request('10.40.0.1'), broadcastMac);
  const read = answer && readArp(answer, 14, answer.length);
  assert.deepEqual(read && [read.operation, read.senderMac, read.senderIp, read.targetMac, read.targetIp], [
    2,
    gateway.mac,
    gatewayIp,
    web,
    webIp,
  ]);
  assert.equal(ask(gateway, etherType.arp, request('10.40.0.12'), broadcastMac), undefined);
});

test('ping of its address is answered, damaged ones are not', () => {
  const gateway = gatewayOf();
  const echo = Buffer.from('0800216812340001616263', 'hex');
  const packet = ipPacket({ source: webIp, target: gatewayIp, protocol: 1, payload: echo });
  const answer = exchange(gateway, packet);
  assert.deepEqual([answer.payload[0], answer.payload.subarray(4)], [0, echo.subarray(4)]);
  assert.deepEqual([ipText(answer.source), ipText(answer.target)], ['10.40.0.1', '10.40.0.11']);
  const damaged = Buffer.from(packet);
  damaged[30] = (damaged[30] ?? 0) ^ 1;
  assert.equal(ask(gateway, etherType.ipv4, damaged), undefined);
});

test('a card gets its fixed address, the mask, the names and the MTU, and no router', () => {
  const offer = dhcp(gatewayOf({ mtu: 1400 }), { type: dhcpType.discover });
  assert.deepEqual(offer && [offer.type, offer.yourIp, offer.transaction, offer.to, offer.toIp], [
    dhcpType.offer,
    '10.40.0.11',
    0xcafe0001,
    webMac,
    '10.40.0.11',
  ]);
  const option = (code: number) => offer?.options.get(code);
  assert.deepEqual(
    [dhcpOption.mask, dhcpOption.dns, dhcpOption.server, dhcpOption.broadcast].map((code) =>
      ipText(option(code) ?? none),
    ),
    ['255.255.255.0', '10.40.0.1', '10.40.0.1', '10.40.0.255'],
  );
  assert.deepEqual(
    [dhcpOption.hostname, dhcpOption.domain, dhcpOption.search].map((code) => option(code)?.toString('latin1')),
    ['web', 'lan', '\u0003lan\0'],
  );
  assert.deepEqual(
    [option(dhcpOption.mtu)?.readUInt16BE(), option(dhcpOption.leaseSeconds)?.readUInt32BE()],
    [1400, 86_400],
  );
  assert.equal(option(dhcpOption.router), undefined);
});

test('a request for the fixed address is granted, one for another refused, one for another server not answered', () => {
  const gateway = gatewayOf();
  const request = (ip: string, ...options: [number, Buffer][]) =>
    dhcp(gateway, { type: dhcpType.request, options: [[dhcpOption.requestedIp, ipBytes(ip)], ...options] });
  assert.equal(request('10.40.0.11')?.type, dhcpType.ack);
  const refused = request('10.40.0.99', [dhcpOption.server, gatewayIp]);
  assert.deepEqual(refused && [refused.type, refused.yourIp, refused.to], [
    dhcpType.nak,
    '0.0.0.0',
    'ff:ff:ff:ff:ff:ff',
  ]);
  assert.equal(request('10.40.0.11', [dhcpOption.server, ipBytes('10.40.0.2')]), undefined);
  assert.equal(dhcp(gateway, { type: dhcpType.request, clientIp: webIp })?.type, dhcpType.ack);
  const broadcast = dhcp(gateway, { type: dhcpType.discover, flags: 0x8000 });
  assert.deepEqual(broadcast && [broadcast.to, broadcast.toIp], ['ff:ff:ff:ff:ff:ff', '255.255.255.255']);
  assert.equal(dhcp(gateway, { type: dhcpType.inform, clientIp: webIp })?.yourIp, '0.0.0.0');
  assert.equal(dhcp(gateway, { type: dhcpType.release, clientIp: webIp }), undefined);
});

test('cards without an address and cards that it does not know get none', () => {
  const gateway = gatewayOf();
  for (const mac of ['52:54:00:00:00:03', '52:54:00:00:00:99'])
    assert.equal(dhcp(gateway, { type: dhcpType.discover, mac }), undefined);
});

test('machines are found by name, with and without the domain, in any case, by aliases and back by address', () => {
  const gateway = gatewayOf({ cidr6: 'fd00::/64' });
  for (const name of ['web', 'web.lan', 'WEB.Lan', 'www', 'www.lan'])
    assert.deepEqual(dns(gateway, name, 'A').data, ['10.40.0.11'], name);
  for (const name of ['db', 'db.lan', 'db.example', 'db.example.lan'])
    assert.deepEqual(dns(gateway, name, 'A').data, ['10.40.0.12'], name);
  assert.deepEqual(dns(gateway, 'gateway.lan', 'A').data, ['10.40.0.1']);
  assert.deepEqual(dns(gateway, 'web.lan', 'AAAA').data, ['fd00::11']);
  assert.deepEqual(dns(gateway, '11.0.40.10.in-addr.arpa', 'PTR').data, ['web.lan']);
  const reverse6 = `1.1.${'0.'.repeat(26)}0.0.d.f.ip6.arpa`;
  assert.deepEqual(dns(gateway, reverse6, 'PTR').data, ['web.lan']);
});

test('a name that has no such record is known, one of the network that is not there does not exist, all others are refused', () => {
  const gateway = gatewayOf();
  const of = (name: string, type: 'A' | 'AAAA' | 'PTR' | 'MX' = 'A') => {
    const { code, data } = dns(gateway, name, type);
    return [code, data.length];
  };
  assert.deepEqual(of('db.lan', 'AAAA'), ['NOERROR', 0]);
  assert.deepEqual(of('web', 'MX'), ['NOERROR', 0]);
  assert.deepEqual(of('nothere.lan'), ['NXDOMAIN', 0]);
  assert.deepEqual(of('nothere'), ['NXDOMAIN', 0]);
  assert.deepEqual(of('99.0.40.10.in-addr.arpa', 'PTR'), ['NXDOMAIN', 0]);
  assert.deepEqual(of('example.org'), ['REFUSED', 0]);
  assert.deepEqual(of('1.2.0.192.in-addr.arpa', 'PTR'), ['REFUSED', 0]);
});

test('a query with the extension of DNS gets an answer with it', () => {
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    flags: 0,
    extendedRcode: 0,
    ednsVersion: 0,
    flag_do: false,
    options: [],
  } as const;
  const { answer } = dns(gatewayOf(), 'web', 'A', [{ ...opt, options: [] }]);
  assert.deepEqual(
    answer.additionals?.map(({ type }) => type),
    ['OPT'],
  );
});

test('a port where nothing listens, and what is elsewhere, are refused at once', () => {
  const gateway = gatewayOf();
  const closed = udpPacket(webIp, gatewayIp, { sourcePort: 4000, targetPort: 99, payload: Buffer.from('x') });
  const answer = exchange(gateway, closed);
  assert.deepEqual([answer.protocol, answer.payload[0], answer.payload[1]], [1, 3, 3]);
  const elsewhere = udpPacket(webIp, ipBytes('192.0.2.1'), {
    sourcePort: 4000,
    targetPort: 53,
    payload: Buffer.from('x'),
  });
  assert.deepEqual([...exchange(gateway, elsewhere).payload.subarray(0, 2)], [3, 0]);
  const syn = Buffer.from('0fa00050000000ff000000005002ffff00000000', 'hex');
  const reset = exchange(gateway, ipPacket({ source: webIp, target: ipBytes('192.0.2.1'), protocol: 6, payload: syn }));
  assert.deepEqual(
    [reset.payload.readUInt16BE(0), reset.payload.readUInt16BE(2), reset.payload.readUInt32BE(8), reset.payload[13]],
    [80, 4000, 0x100, 0x14],
  );
  assert.equal(ipText(reset.source), '192.0.2.1');
});

test('what is for another station is not its to answer, though it gets it while that station is unknown', () => {
  const gateway = gatewayOf({ cidr6: 'fd00::/64' });
  const db = macBytes('52:54:00:00:00:02');
  const segment = Buffer.from('0fa00050000000ff000000005002ffff00000000', 'hex');
  for (const [source, target] of [
    [webIp, ipBytes('10.40.0.12')],
    [webIp, gatewayIp],
    [ipBytes('fd00::11'), ipBytes('fd00::12')],
  ] as const) {
    const type = source.length === 4 ? etherType.ipv4 : etherType.ipv6;
    assert.equal(ask(gateway, type, ipPacket({ source, target, protocol: 6, payload: segment }), db), undefined);
  }
});

test('IPv6: it answers for its addresses, to pings and to solicitations of routers', () => {
  const gateway = gatewayOf({ cidr6: 'fd00::/64', mtu: 1400 });
  const own = linkLocal(web);
  const send = (target: Buffer, message: Buffer) =>
    exchange(gateway, ipPacket(icmp6Packet(own, target, message), 255), groupMac(target));
  for (const ip of [linkLocal(gateway.mac), ipBytes('fd00::1')]) {
    const solicitation = Buffer.concat([Buffer.from([135, 0, 0, 0, 0, 0, 0, 0]), ip]);
    const { payload } = send(ip, solicitation);
    assert.deepEqual(
      [payload[0], payload[4], payload.subarray(8, 24), payload.subarray(26, 32)],
      [136, 0xe0, ip, gateway.mac],
    );
  }
  const { payload: router, target } = send(allNodes, Buffer.from([133, 0, 0, 0, 0, 0, 0, 0]));
  assert.deepEqual([router[0], router.readUInt16BE(6), target], [134, 0, own]);
  const prefix = router.subarray(16, 48);
  assert.deepEqual([prefix[0], prefix[2], prefix.subarray(16)], [3, 64, ipBytes('fd00::')]);
  const echo = Buffer.from([128, 0, 0, 0, 1, 2, 0, 1, 0x61]);
  const reply = exchange(gateway, ipPacket(icmp6Packet(own, ipBytes('fd00::1'), echo)));
  assert.deepEqual([reply.payload[0], reply.payload.subarray(4)], [129, echo.subarray(4)]);
  const without = gatewayOf();
  const solicited = ipPacket(icmp6Packet(own, allNodes, Buffer.from([133, 0, 0, 0, 0, 0, 0, 0])), 255);
  assert.equal(ask(without, etherType.ipv6, solicited, groupMac(allNodes)), undefined);
});

const runs = process.env.GOQEMU_SOAK ? 100_000 : 2_000;

test(`it survives ${runs} frames that are damaged anywhere, and what it answers are frames`, () => {
  const gateway = gatewayOf({ cidr6: 'fd00::/64' });
  const udp = (targetPort: number, payload: Buffer, target = gatewayIp) =>
    udpPacket(webIp, target, { sourcePort: 4000, targetPort, payload });
  const query = encode({ type: 'query', id: 1, questions: [{ name: 'web.lan', type: 'A' }] });
  const sound: [number, Buffer][] = [
    [etherType.arp, Buffer.concat([Buffer.from('0001080006040001', 'hex'), web, webIp, Buffer.alloc(6), gatewayIp])],
    [etherType.ipv4, udp(67, dhcpRequest({ type: 1, options: [[12, Buffer.from('web')]] }), all)],
    [etherType.ipv4, udp(53, query)],
    [etherType.ipv4, udp(99, Buffer.from('x'))],
    [etherType.ipv6, ipPacket(icmp6Packet(linkLocal(web), allNodes, Buffer.from([133, 0, 0, 0, 0, 0, 0, 0])), 255)],
  ];
  const damage = fc.array(fc.record({ at: fc.nat(400), byte: fc.nat(255) }), { maxLength: 6 });
  const input = fc.record({
    which: fc.nat(sound.length - 1),
    damage,
    length: fc.nat(400),
    noise: fc.uint8Array({ maxLength: 60 }),
    fixSums: fc.boolean(),
  });
  fc.assert(
    fc.property(input, ({ which, damage, length, noise, fixSums }) => {
      const [type, payload] = sound[which] as [number, Buffer];
      const inside = fixSums && type === etherType.ipv4 ? 28 : 0;
      const bytes = Buffer.concat([Buffer.from(payload), noise]).subarray(0, Math.max(inside, length));
      for (const { at, byte } of damage) if (inside + at < bytes.length) bytes[inside + at] = byte;
      const port = which === 1 ? 67 : 53;
      // Damage within a datagram whose checksums are right reaches the readers of DHCP and DNS.
      const packet = inside ? udp(port, bytes.subarray(28), which === 1 ? all : gatewayIp) : bytes;
      const frame = ethernetFrame(gateway.mac, web, type, packet);
      const answer = gateway.answer(frame, 4, frame.length);
      if (answer) assert.equal(answer.readUInt32BE(0), answer.length - 4);
    }),
    { numRuns: runs },
  );
});
