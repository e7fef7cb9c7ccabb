import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { guestIp, guestMac, outsideIp, TestInternet } from '../fixture/test-internet.ts';
import { etherType } from '../frames/ethernet.ts';
import { ipBytes } from '../gateway/ip-range.ts';
import { checksum, ethernetFrame, ipPacket, udpPacket, wordSum } from '../gateway/packets.ts';
import { mostFlows } from './udp-relay.ts';

test('what is not in the list is refused at once, each protocol in its own way, and the refusals are kept', async () => {
  const bench = new TestInternet({ allow: ['198.51.100.7', 'packages.example.org'] });
  bench.outside.servers['203.0.113.5:443'] = () => assert.fail('it was reached');
  const guest = bench.guest('203.0.113.5:443');
  guest.connect();
  await bench.until(() => guest.isReset);
  bench.sendUdp('203.0.113.5:123', 'what time is it?');
  await bench.until(() => bench.unreachable.length === 1);
  const echo = Buffer.from([8, 0, 0, 0, 0, 1, 0, 1]);
  echo.writeUInt16BE(checksum(wordSum(echo)), 2);
  bench.send(ipPacket({ source: guestIp, target: ipBytes(outsideIp), protocol: 1, payload: echo }));
  await bench.until(() => bench.unreachable.length === 2);
  assert.deepEqual(bench.unreachable, ['3/13', '3/13']);
  assert.equal(await bench.resolve('deb.debian.org'), 'REFUSED');
  assert.equal(await bench.resolve('deb.debian.org'), 'REFUSED');
  assert.deepEqual(bench.refused, [
    'web deb.debian.org: not in the list ×2',
    'web ping 198.51.100.7: TCP and UDP alone pass ×1',
    'web udp 203.0.113.5:123: not in the list ×1',
    'web tcp 203.0.113.5:443: not in the list ×1',
  ]);
  assert.deepEqual(bench.outside.datagramsSent, []);
});

test('DHCP names the gateway as the router of a card by which the way out is', () => {
  const bench = new TestInternet();
  const message = Buffer.alloc(240);
  message.set([1, 1, 6, 0]);
  guestMac.copy(message, 28);
  message.writeUInt32BE(0x63825363, 236);
  const payload = Buffer.concat([message, Buffer.from([53, 1, 1, 255])]);
  const all = ipBytes('255.255.255.255');
  const packet = udpPacket(ipBytes('0.0.0.0'), all, { sourcePort: 68, targetPort: 67, payload });
  const frame = ethernetFrame(Buffer.alloc(6, 255), guestMac, etherType.ipv4, packet);
  const offer = bench.gateway.answer(frame, 4, frame.length, 'web:n1');
  assert.ok(offer?.includes(Buffer.from([3, 4, 10, 40, 0, 1])));
});

test('an allowed name is resolved by the host, and its addresses are reached; others at the same host are not', async () => {
  const names = { 'packages.example.org': ['198.51.100.7'], 'deb.debian.org': ['198.51.100.8'] };
  const bench = new TestInternet({ allow: ['packages.example.org:80', '*.debian.org'], names });
  bench.outside.servers['198.51.100.7:80'] = (stream) => stream.end('hello');
  bench.outside.servers['198.51.100.7:443'] = () => assert.fail('it was reached');
  assert.deepEqual(await bench.resolve('Packages.Example.org'), ['198.51.100.7']);
  assert.deepEqual(await bench.resolve('packages.example.org', 'AAAA'), [], 'there is no way out by IPv6');
  const guest = bench.guest('198.51.100.7:80');
  guest.connect();
  await bench.until(() => guest.received.toString() === 'hello');
  const other = bench.guest('198.51.100.7:443', 40_001);
  other.connect();
  await bench.until(() => other.isReset);
  const unknown = bench.guest('198.51.100.8:80', 40_002);
  unknown.connect();
  await bench.until(() => unknown.isReset, 1);
  assert.deepEqual(await bench.resolve('deb.debian.org'), ['198.51.100.8']);
  assert.equal(await bench.resolve('debian.org'), 'REFUSED');
  assert.equal(await bench.resolve('gone.debian.org'), 'NXDOMAIN');
  assert.deepEqual(await bench.resolve('web.lan'), ['10.40.0.11'], 'names of the lab still resolve');
  assert.equal(await bench.resolve('nothing.lan'), 'NXDOMAIN');
});

test('addresses of listed names are known before a guest asks, as one that was restored does not ask again', async () => {
  const bench = new TestInternet({ allow: [], names: { 'packages.example.org': [outsideIp] } });
  bench.outside.servers[`${outsideIp}:80`] = (stream) => stream.end('hello');
  bench.allow('packages.example.org');
  await bench.until(() => bench.outside.looked.length > 0);
  const guest = bench.guest();
  guest.connect();
  await bench.until(() => guest.isEnded);
});

test('a name that leads to the host itself, or to its link, is refused; an address in the list allows it', async () => {
  const names = {
    'trap.example.org': ['127.0.0.1', '169.254.169.254', '192.0.2.1', '0.0.0.0'],
    'mixed.example.org': ['192.0.2.1', outsideIp],
  };
  const bench = new TestInternet({ allow: Object.keys(names), names });
  assert.equal(await bench.resolve('trap.example.org'), 'REFUSED');
  assert.deepEqual(await bench.resolve('mixed.example.org'), [outsideIp]);
  assert.deepEqual(bench.refused, ["web trap.example.org: leads to 127.0.0.1, which is the host's own ×1"]);
  bench.allow('trap.example.org', '192.0.2.1', '169.254.0.0/16');
  assert.deepEqual(await bench.resolve('trap.example.org'), ['169.254.169.254', '192.0.2.1']);
  bench.allow('0.0.0.0/0');
  for (const [index, address] of ['127.0.0.1', '169.254.169.254', '192.0.2.1', '224.0.0.251'].entries()) {
    const guest = bench.guest(`${address}:80`, 41_000 + index);
    guest.connect();
    await bench.until(() => guest.isReset);
  }
});

test('another list counts at once: what it takes away ends, what it adds is reached', async () => {
  const bench = new TestInternet({ allow: [outsideIp] });
  bench.outside.servers[`${outsideIp}:80`] = () => undefined;
  bench.outside.servers['203.0.113.5:80'] = () => undefined;
  const [before, after] = [bench.guest(), bench.guest('203.0.113.5:80', 40_001)];
  before.connect();
  after.connect();
  await bench.until(() => before.isConnected && after.isReset);
  bench.sendUdp(`${outsideIp}:123`, 'one');
  await bench.until(() => bench.outside.openDatagrams === 1);
  bench.allow('203.0.113.0/24');
  await bench.until(() => before.isReset);
  assert.equal(bench.outside.openDatagrams, 0);
  const again = bench.guest('203.0.113.5:80', 40_002);
  again.connect();
  await bench.until(() => again.isConnected);
});

test('datagrams pass both ways; a port that nothing listens at is said; what is idle is forgotten', async () => {
  const bench = new TestInternet();
  bench.sendUdp(`${outsideIp}:123`, 'time?', 5_001);
  await bench.until(() => bench.outside.datagramsSent.length === 1);
  const [sent] = bench.outside.datagramsSent;
  assert.deepEqual([sent?.to, sent?.text], [`${outsideIp}:123`, 'time?']);
  sent?.events.onMessage(Buffer.from('noon'));
  sent?.events.onMessage(Buffer.alloc(1_600));
  await bench.until(() => bench.packets.length > 0);
  const [answer, ...more] = bench.packets;
  assert.deepEqual([answer?.source, answer?.payload.toString('latin1', 8), more], [ipBytes(outsideIp), 'noon', []]);
  assert.deepEqual([answer?.payload.readUInt16BE(0), answer?.payload.readUInt16BE(2)], [123, 5_001]);
  bench.sendUdp(`${outsideIp}:124`, 'anyone?');
  await bench.until(() => bench.outside.datagramsSent.length === 2);
  bench.outside.datagramsSent[1]?.events.onError(Object.assign(new Error(), { code: 'ECONNREFUSED' }));
  await bench.until(() => bench.unreachable.length === 1);
  assert.equal(bench.unreachable[0], '3/3');
  await bench.pass(250_000);
  assert.equal(bench.outside.openDatagrams, 0);
});

test('a machine has so many pairs of UDP ports; the one that was used longest ago goes first', async () => {
  const bench = new TestInternet({ allow: [outsideIp] });
  for (let port = 1; port <= mostFlows; port += 1) bench.sendUdp(`${outsideIp}:${port}`, 'x');
  bench.sendUdp(`${outsideIp}:1`, 'again');
  bench.sendUdp(`${outsideIp}:999`, 'one more');
  bench.sendUdp(`${outsideIp}:1`, 'kept');
  assert.deepEqual([bench.outside.openDatagrams, bench.outside.datagramsSent.length], [mostFlows, mostFlows + 3]);
  assert.equal(bench.internet.wayOf('web:n1')?.flows, mostFlows);
});

test('a machine that says it is another one, or that is not known by its cable, has no way out', () => {
  const bench = new TestInternet();
  const ask = (source: string, port: string | undefined) => {
    const datagram = { sourcePort: 5_000, targetPort: 123, payload: Buffer.from('x') };
    const packet = udpPacket(ipBytes(source), ipBytes(outsideIp), datagram);
    const frame = ethernetFrame(bench.gateway.mac, guestMac, etherType.ipv4, packet);
    return bench.gateway.answer(frame, 4, frame.length, port)?.readUInt16BE(38);
  };
  assert.equal(ask('10.40.0.11', 'web:n1'), undefined);
  assert.deepEqual(
    [ask('10.40.0.12', 'web:n1'), ask('10.40.0.11', 'db:n1'), ask('10.40.0.11', undefined)],
    [0x0300, 0x0300, 0x0300],
  );
  assert.equal(bench.outside.datagramsSent.length, 1);
});

test('another machine of the network is not reached by the gateway', async () => {
  const bench = new TestInternet({ allow: ['10.0.0.0/8'] });
  bench.sendUdp('10.40.0.12:99', 'past the partition');
  await bench.until(() => bench.unreachable.length === 1);
  assert.deepEqual([bench.unreachable, bench.outside.datagramsSent], [['3/0'], []]);
});

test('refusals are kept to a bound, the newest first', async () => {
  const bench = new TestInternet();
  for (let number = 0; number < 100; number += 1) await bench.resolve(`n${number}.example.org`);
  assert.equal(bench.refused.length, 64);
  assert.equal(bench.refused[0], 'web n99.example.org: not in the list ×1');
});

test('names are resolved a few at a time; what comes beyond, and what takes too long, has failed', async () => {
  const bench = new TestInternet({ allow: ['*.example.org'] });
  let running = 0;
  let most = 0;
  bench.outside.lookup = (name) => {
    running += 1;
    most = Math.max(most, running);
    return name.startsWith('slow')
      ? new Promise(() => undefined)
      : Promise.resolve([outsideIp]).finally(() => running--);
  };
  assert.deepEqual(await bench.resolve('one.example.org'), [outsideIp]);
  const query = (number: number) => bench.internet.wayOf('web:n1')?.resolve(`slow${number}.example.org`, true);
  const answers = Array.from({ length: 100 }, (_, number) => query(number));
  let settled = 0;
  for (const answer of answers) void answer?.then(() => settled++);
  await bench.pass(100);
  assert.equal(settled, 100 - 2 - 64);
  await bench.pass(11_000);
  assert.deepEqual([settled, most], [100, 2]);
  assert.equal(await answers[0], 'failed');
});

const runs = process.env.GOQEMU_SOAK ? 100_000 : 2_000;

test(`it survives ${runs} packets for elsewhere of every kind`, async () => {
  const bench = new TestInternet({ allow: [outsideIp, '*.example.org'] });
  const input = fc.record({
    target: fc.constantFrom(outsideIp, '203.0.113.5', '127.0.0.1', '255.255.255.255', '10.40.0.1', '0.0.0.0'),
    protocol: fc.constantFrom(1, 2, 6, 17, 17, 17, 47, 255),
    payload: fc.uint8Array({ maxLength: 200 }),
    damage: fc.array(fc.record({ at: fc.nat(60), byte: fc.nat(255) }), { maxLength: 3 }),
    isDatagram: fc.boolean(),
    port: fc.constantFrom(53, 123, 0),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ target, protocol, payload, damage, isDatagram, port }) => {
      const datagram = { sourcePort: 5_000, targetPort: port, payload: Buffer.from(payload) };
      const bytes = isDatagram
        ? udpPacket(guestIp, ipBytes(target), datagram)
        : ipPacket({ source: guestIp, target: ipBytes(target), protocol, payload: Buffer.from(payload) });
      for (const { at, byte } of damage) if (at < bytes.length) bytes[at] = byte;
      bench.send(bytes);
      bench.clock.advance(10);
      const way = bench.internet.wayOf('web:n1') ?? assert.fail();
      assert.ok(way.flows <= mostFlows && bench.refused.length <= 64);
    }),
    { numRuns: runs },
  );
  assert.ok(bench.outside.datagramsSent.every(({ to }) => to.startsWith(`${outsideIp}:`)));
  assert.deepEqual(await bench.resolve('web.lan'), ['10.40.0.11']);
});
