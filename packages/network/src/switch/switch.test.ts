import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { FakeCard } from './fixture/fake-card.ts';
import { connected, frame, portOf, TestClock, testSwitch, texts } from './fixture/test-switch.ts';
import { macBytes } from './frames/ethernet.ts';

const drops = (its: Awaited<ReturnType<typeof testSwitch>>['its'], machine: string) => {
  const { fromMachine, toMachine } = its.portsOf(machine)[0]?.port.counters ?? {};
  const counted = (dropped: Record<string, number> = {}) =>
    Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0));
  return { from: counted(fromMachine?.dropped), to: counted(toMachine?.dropped) };
};

test('a frame for an unknown station goes to all, one for a known station to its port alone', async (t) => {
  const { cards } = await testSwitch(t, { cards: 3 });
  const [one, two, three] = cards;
  one.send(frame({ to: 2, from: 1, text: 'who' }));
  await two.until(() => two.received.length === 1);
  two.send(frame({ to: 1, from: 2, text: 'me' }));
  await one.until(() => one.received.length === 1);
  one.send(frame({ to: 2, from: 1, text: 'you' }), frame({ to: 0, from: 1, text: 'all' }));
  await three?.until(() => three.received.length === 2);
  await two.until(() => two.received.length === 3);
  assert.deepEqual(cards.map(texts), [['me'], ['who', 'you', 'all'], ['who', 'all']]);
});

test('frames to many ports in one piece come whole, in order, to the right ones', async (t) => {
  const { cards } = await testSwitch(t, { cards: 4 });
  const [one, ...others] = cards;
  for (const [index, card] of others.entries()) card.send(frame({ to: 1, from: index + 2, text: 'here' }));
  await one.until(() => one.received.length === 3);
  const sent = Array.from({ length: 3_000 }, (_, index) => ({ to: 2 + ((index * index) % 3), text: `${index}` }));
  one.send(...sent.map(({ to, text }) => frame({ to, from: 1, text, size: 60 + (Number(text) % 1_400) })));
  for (const [index, card] of others.entries()) {
    const expected = sent.filter(({ to }) => to === index + 2).map(({ text }) => text);
    // Before its station was known, a frame for a neighbour was flooded.
    const its = () => texts(card).filter((text) => text !== 'here');
    await card.until(() => its().length >= expected.length);
    assert.deepEqual(its(), expected);
  }
});

test('a station is known per VLAN, and tags pass untouched', async (t) => {
  const { cards } = await testSwitch(t, { cards: 3 });
  const [one, two, three] = cards;
  two.send(frame({ to: 1, from: 2, vlan: 7 }));
  await one.until(() => one.received.length === 1);
  const tagged = frame({ to: 2, from: 1, vlan: 7, text: 'seven' });
  one.send(tagged, frame({ to: 2, from: 1, vlan: 8, text: 'eight' }));
  await two.until(() => two.received.length === 2);
  await three?.until(() => texts(three).includes('eight'));
  assert.deepEqual(two.received[0], tagged);
  assert.deepEqual(three && texts(three), ['', 'eight']);
});

test('a station that says nothing for five minutes is forgotten', async (t) => {
  const clock = new TestClock();
  const { cards } = await testSwitch(t, { cards: 3, clock });
  const [one, two, three] = cards;
  two.send(frame({ to: 1, from: 2 }));
  await one.until(() => one.received.length === 1);
  clock.advance(299_000);
  one.send(frame({ to: 2, from: 1, text: 'known' }));
  await two.until(() => two.received.length === 1);
  clock.advance(3_000);
  one.send(frame({ to: 2, from: 1, text: 'forgotten' }));
  await three?.until(() => texts(three).includes('forgotten'));
  assert.deepEqual(three && texts(three), ['', 'forgotten']);
});

test('frames beyond the MTU and without a whole header are dropped and counted; a tag does not count', async (t) => {
  const { its, cards } = await testSwitch(t, { network: { mtu: 1_000 } });
  const [one, two] = cards;
  one.send(
    frame({ to: 2, from: 1, size: 1_000, text: 'fits' }),
    frame({ to: 2, from: 1, size: 1_001 }),
    frame({ to: 2, from: 1, size: 1_000, vlan: 5, text: 'tagged' }),
    Buffer.alloc(13),
  );
  await two.until(() => two.received.length === 2);
  assert.deepEqual(texts(two), ['fits', 'tagged']);
  assert.deepEqual(drops(its, 'm1').from, { oversize: 1, runt: 1 });
});

test('a stream that is out of step is closed and dialled again, and the others notice nothing', async (t) => {
  const { its, cards } = await testSwitch(t);
  const [one, two] = cards;
  one.sendRaw(Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
  await one.until(() => one.connections === 2 && one.isConnected);
  await connected(its);
  one.send(frame({ to: 2, from: 1, text: 'again' }));
  await two.until(() => two.received.length === 1);
  assert.deepEqual([texts(two), two.connections], [['again'], 1]);
  assert.equal(its.portsOf('m1')[0]?.port.counters.errors, 1);
});

test('a QEMU that is not there yet, ends and comes again is connected each time', async (t) => {
  const { its, cards, ports, folder, configure } = await testSwitch(t);
  const path = `${folder}/late`;
  configure((input) => ({ ...input, ports: [...ports, portOf(3, path)] }));
  cards[0].send(frame({ to: 0, from: 1 }));
  await cards[1].until(() => cards[1].received.length === 1);
  assert.deepEqual(drops(its, 'm3').to, { disconnected: 1 });
  for (const life of ['first', 'second']) {
    const late = await FakeCard.listen(path);
    await late.until(() => late.isConnected);
    await connected(its);
    late.send(frame({ to: 2, from: 3, text: life }));
    await cards[1].until(() => texts(cards[1]).includes(life));
    await late[Symbol.asyncDispose]();
  }
  assert.equal(its.portsOf('m3')[0]?.port.counters.connects, 2);
});

test('a card at a port of loopback, as on a host without Unix sockets, is connected when a file says the port', async (t) => {
  const { its, cards, ports, folder, configure } = await testSwitch(t);
  const card = await FakeCard.listenOnTcp();
  t.after(() => card[Symbol.asyncDispose]());
  configure((input) => ({
    ...input,
    ports: [...ports, { ...portOf(3, ''), endpoint: { kind: 'port-file', path: `${folder}/l0.port` } }],
  }));
  await writeFile(`${folder}/l0.port`, `${card.port}\n`);
  await card.until(() => card.isConnected);
  await connected(its);
  card.send(frame({ to: 0, from: 3, text: 'by TCP' }));
  await cards[0].until(() => cards[0].received.length === 1);
  cards[0].send(frame({ to: 3, from: 1, text: 'back' }));
  await card.until(() => card.received.length === 1);
  assert.deepEqual([texts(cards[0]), texts(card)], [['by TCP'], ['back']]);
  // The next QEMU has another port, and the former may be another program's by then.
  const next = await FakeCard.listenOnTcp();
  t.after(() => next[Symbol.asyncDispose]());
  await writeFile(`${folder}/l0.port`, `${next.port}\n`);
  await next.until(() => next.isConnected);
});

test('the same configuration again, and a machine more, disturb no port', async (t) => {
  const { its, cards, ports, folder, configure } = await testSwitch(t);
  const before = its.portsOf('m1')[0];
  cards[0].sendRaw(frame({ to: 2, from: 1 }).subarray(0, 0)); // nothing is under way
  cards[0].sendRaw(Buffer.from([0, 0])); // a frame has begun
  configure();
  configure((input) => ({ ...input, ports: [...ports, portOf(3, `${folder}/none`)] }));
  configure((input) => ({ ...input, networks: [{ name: 'lan', cidr: '10.40.0.0/24', mtu: 9_000 }] }));
  const rest = frame({ to: 2, from: 1, text: 'whole', size: 8_000 });
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rest.length);
  cards[0].sendRaw(Buffer.concat([length, rest]));
  await cards[1].until(() => cards[1].received.length === 1);
  assert.deepEqual(texts(cards[1]), ['whole']);
  assert.equal(its.portsOf('m1')[0], before);
  assert.deepEqual(
    cards.map(({ connections }) => connections),
    [1, 1],
  );
  assert.throws(() => its.portsOf('m3'), { code: 'switch-port-unknown' });
});

test('networks do not hear each other, and a card moves from one to another with its connection', async (t) => {
  const { cards, ports, configure } = await testSwitch(t, { cards: 3 });
  const [one, two, three] = cards;
  const networks = [
    { name: 'lan', cidr: '10.40.0.0/24' },
    { name: 'dmz', cidr: '10.41.0.0/24' },
  ];
  const inDmz = ports.map((port, index) => (index === 2 ? { ...port, network: 'dmz', ip: '10.41.0.13' } : port));
  configure(() => ({ networks, ports: inDmz }));
  one.send(frame({ to: 0, from: 1, text: 'apart' }));
  await two.until(() => two.received.length === 1);
  configure(() => ({ networks, ports }));
  one.send(frame({ to: 0, from: 1, text: 'together' }));
  await three?.until(() => three.received.length > 0);
  assert.deepEqual(three && texts(three), ['together']);
  assert.deepEqual([three?.connections, texts(two)], [1, ['apart', 'together']]);
});

test('a card that never reads costs a bounded queue, and its neighbours nothing', async (t) => {
  const { its, cards } = await testSwitch(t, { cards: 3 });
  const [one, two, deaf] = cards;
  if (!deaf) assert.fail();
  deaf.isDeaf = true;
  deaf.hangUp();
  await deaf.until(() => deaf.connections === 2);
  await connected(its);
  deaf.send(frame({ to: 1, from: 3 }));
  two.send(frame({ to: 1, from: 2 }));
  await one.until(() => one.received.length === 2);
  const flood = Array.from({ length: 100 }, () => frame({ to: 3, from: 1, size: 1_400 }));
  // What a socket holds differs: some MB at a port of loopback.
  for (let turn = 0; turn < 300 && (drops(its, 'm3').to.queue ?? 0) <= 1_000; turn += 1) {
    one.send(...flood);
    await one.drained();
  }
  one.send(frame({ to: 2, from: 1, text: 'after' }));
  await two.until(() => texts(two).includes('after'));
  const { queue, ...others } = drops(its, 'm3').to;
  assert.ok((queue ?? 0) > 1_000, `${queue} dropped`);
  assert.deepEqual(others, {});
  const waiting = its.portsOf('m3')[0]?.waiting;
  assert.ok(waiting && waiting.bytes <= 2 ** 20 && waiting.memory <= 2 ** 20, JSON.stringify(waiting));
});

test('while one port floods another, a third still reaches both', async (t) => {
  const { its, cards } = await testSwitch(t, { cards: 3 });
  const [flooder, victim, third] = cards;
  if (!third) assert.fail();
  let floods = 0;
  let answers = 0;
  const isFlood = (bytes: Buffer) => bytes.length > 1_000;
  victim.onFrame = (bytes) => {
    if (isFlood(bytes)) floods += 1;
    else victim.send(frame({ to: 3, from: 2, text: 'pong' }));
  };
  victim.send(frame({ to: 0, from: 2 }));
  await third.until(() => third.received.length === 1);
  const piece = Buffer.concat(
    Array.from({ length: 40 }, () => {
      const bytes = frame({ to: 2, from: 1, size: 1_400 });
      return Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 0xff]), bytes]);
    }),
  );
  let isFlooding = true;
  const flooding = (async () => {
    while (isFlooding) {
      flooder.sendRaw(piece);
      await flooder.drained();
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  third.onFrame = () => {
    answers += 1;
  };
  while (answers < 50) {
    const before = answers;
    third.send(frame({ to: 2, from: 3, text: 'ping' }));
    await third.until(() => answers > before);
  }
  isFlooding = false;
  await flooding;
  assert.ok(floods > 1_000, `${floods} frames of the flood`);
  assert.deepEqual(drops(its, 'm3').from, {});
  assert.ok([...its.ports.values()].every(({ waiting }) => waiting.memory <= 2 ** 20));
});

test('10,000 stations behind one port leave a table of 4096, and the others are still reached', async (t) => {
  const { its, cards } = await testSwitch(t);
  const [one, two] = cards;
  let received = 0;
  two.onFrame = () => {
    received += 1;
  };
  for (let turn = 0; turn < 10; turn += 1) {
    one.send(
      ...Array.from({ length: 1_000 }, (_, index) => {
        const bytes = frame({ to: 2, from: 1 });
        bytes.writeUInt32BE(0x0100_0000 + turn * 1_000 + index, 8);
        return bytes;
      }),
    );
    await two.until(() => received === (turn + 1) * 1_000);
  }
  assert.equal(its.networkOf('lan').network.table.size, 4_096);
  two.send(frame({ to: 1, from: 2, text: 'there' }));
  await one.until(() => texts(one).includes('there'));
});

test('a storm through two ports that are connected outside of the switch dies down', async (t) => {
  const { its, cards } = await testSwitch(t, { cards: 3 });
  const [one, left, right] = cards;
  if (!right) assert.fail();
  let looped = 0;
  left.onFrame = (bytes) => {
    looped += 1;
    right.send(bytes);
  };
  right.onFrame = (bytes) => {
    looped += 1;
    left.send(bytes);
  };
  one.send(frame({ to: 0, from: 1, text: 'storm' }));
  await left.until(() => Object.keys(drops(its, 'm2').from).includes('loop'));
  await right.until(() => Object.keys(drops(its, 'm3').from).includes('loop'));
  assert.ok(looped < 1_000, `${looped} frames went through the loop`);
  // What is sent to a known station passes, and the storm has ended.
  const before = looped;
  left.onFrame = undefined;
  right.onFrame = undefined;
  one.send(frame({ to: 0, from: 1, text: 'after' }));
  await left.until(() => texts(left).includes('after'));
  assert.ok(looped - before < 200);
});

test('a port floods 20,000 frames a second and no more', async (t) => {
  const clock = new TestClock();
  const { its, cards } = await testSwitch(t, { clock });
  const [one, two] = cards;
  let received = 0;
  two.onFrame = () => {
    received += 1;
  };
  const all = Array.from({ length: 1_000 }, () => frame({ to: 0, from: 1 }));
  for (let turn = 1; turn <= 25; turn += 1) {
    one.send(...all);
    await two.until(() => received === Math.min(turn, 20) * 1_000);
  }
  await two.until(() => drops(its, 'm1').from.storm === 5_000);
  clock.advance(1_000);
  one.send(frame({ to: 0, from: 1 }));
  await two.until(() => received === 20_001);
});

test('a machine that is held reaches its gateway alone, and what was under way to it is dropped', async (t) => {
  const { cards, its, setFaults } = await testSwitch(t, { cards: 3 });
  const [one, two, three] = cards;
  setFaults({ networks: { lan: { machines: { m2: { to: { latency: 60_000 } } } } } });
  one.send(frame({ to: 2, from: 1, text: 'late' }));
  await three?.until(() => three.received.length === 1);
  const releases = [its.hold(['m2', 'm3']), its.hold(['m3', 'of no network'])];
  setFaults({}); // a hold is none of the faults, and outlives them
  one.send(frame({ to: 2, from: 1, text: 'while held' }), frame({ to: 0, from: 1, text: 'to all' }));
  three?.send(frame({ to: 2, from: 3, text: 'of another held one' }));
  await one.until(() => its.ports.get('m3:n1')?.port.counters.fromMachine.frames === 1);
  await one.until(() => its.ports.get('m1:n1')?.port.counters.fromMachine.frames === 3);
  assert.deepEqual(drops(its, 'm2').to, { held: 3, flushed: 1 });
  assert.equal(its.networks.get('lan')?.gatewayPort.counters.toMachine.frames, 4);
  releases[0]?.();
  one.send(frame({ to: 0, from: 1, text: 'again' }));
  await two.until(() => two.received.length === 1);
  assert.deepEqual([texts(two), texts(three ?? one)], [['again'], ['late']]);
  releases[1]?.();
  releases[1]?.();
  one.send(frame({ to: 0, from: 1, text: 'again' }));
  await three?.until(() => three.received.length === 2);
});

test('a machine that was cut loses what is under way and is announced where it is', async (t) => {
  const { its, cards, setFaults } = await testSwitch(t, { cards: 3 });
  const [one, two, three] = cards;
  if (!three) assert.fail();
  setFaults({ networks: { lan: { machines: { m1: { to: { latency: 600_000 } } } } } });
  two.send(frame({ to: 1, from: 2, text: 'late' }), frame({ to: 0, from: 2, text: 'seen' }));
  one.send(frame({ to: 0, from: 1, text: 'hello' }));
  await three.until(() => texts(three).includes('hello') && texts(three).includes('seen'));
  assert.deepEqual(its.flush('m1'), { frames: 2, stations: 1 });
  assert.deepEqual(drops(its, 'm1').to, { flushed: 2 });
  setFaults({});
  three.received.length = 0;
  assert.equal(its.announce('m1'), 1);
  await three.until(() => three.received.length === 1);
  const arp = three.received[0] as Buffer;
  assert.deepEqual(
    [arp.subarray(6, 12), arp.readUInt16BE(12), arp.subarray(28, 32), arp.subarray(38, 42)],
    [macBytes('52:54:00:00:00:01'), 0x0806, Buffer.from([10, 40, 0, 11]), Buffer.from([10, 40, 0, 11])],
  );
  assert.equal(its.networkOf('lan').network.table.size, 2);
  assert.deepEqual(texts(one), []);
});
