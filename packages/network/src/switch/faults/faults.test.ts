import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeCard } from '../fixture/fake-card.ts';
import { frame, testSwitch, texts } from '../fixture/test-switch.ts';

test('a partition keeps groups apart, leaves the gateway to all, and heals', async (t) => {
  const { its, cards, setFaults } = await testSwitch(t, { cards: 4 });
  const [one, two, three, four] = cards;
  if (!three || !four) assert.fail();
  const say = async (text: string, ...hearers: FakeCard[]) => {
    one.send(frame({ to: 0, from: 1, text }));
    for (const card of hearers) await card.until(() => texts(card).includes(text));
  };
  setFaults({ networks: { lan: { partition: [['m1', 'm2'], ['m3']] } } });
  await say('grouped', two);
  three.send(whoHasGateway);
  await three.until(() => three.received.length === 1);
  setFaults({ networks: { lan: { partition: [['m2', 'm3']] } } });
  await say('the rest', four);
  setFaults({});
  await say('healed', two, three, four);
  const [answer, ...heard] = three.received;
  assert.equal(answer?.readUInt16BE(20), 2);
  const said = (card: FakeCard) => texts(card).filter((text) => /^[a-z ]+$/.test(text));
  assert.deepEqual([said(two), said(three), said(four)], [['grouped', 'healed'], ['healed'], ['the rest', 'healed']]);
  assert.equal(heard.length, 1);
  assert.equal(its.portsOf('m3')[0]?.port.counters.toMachine.dropped.partition, 2);
});

test('a cable that is out carries nothing in either direction', async (t) => {
  const { its, cards, setFaults } = await testSwitch(t, { cards: 3 });
  const [one, two, three] = cards;
  if (!three) assert.fail();
  setFaults({ networks: { lan: { machines: { m2: { cable: false } } } } });
  one.send(frame({ to: 0, from: 1, text: 'to' }));
  two.send(frame({ to: 0, from: 2, text: 'from' }));
  await three.until(
    () => texts(three).includes('to') && its.portsOf('m2')[0]?.port.counters.fromMachine.dropped.cable === 1,
  );
  setFaults({});
  two.send(frame({ to: 0, from: 2, text: 'in again' }));
  await three.until(() => texts(three).includes('in again'));
  assert.deepEqual([texts(two), texts(three)], [[], ['to', 'in again']]);
});

test('each direction has faults of its own, and a port takes the place of its network, property by property', async (t) => {
  const { cards, setFaults } = await testSwitch(t, { cards: 3 });
  const [one, two, three] = cards;
  if (!three) assert.fail();
  setFaults({ networks: { lan: { machines: { m1: { from: { loss: 1 } } } } } });
  one.send(frame({ to: 0, from: 1, text: 'lost' }));
  two.send(frame({ to: 0, from: 2, text: 'heard' }));
  await one.until(() => texts(one).includes('heard'));
  setFaults({
    networks: { lan: { loss: 1, duplication: 0, machines: { m3: { to: { loss: 0, duplication: 1 } } } } },
  });
  one.send(frame({ to: 0, from: 1, text: 'twice' }));
  await three.until(() => texts(three).length === 3);
  assert.deepEqual([texts(two), texts(three)], [[], ['heard', 'twice', 'twice']]);
});

test('faults of a machine or network that is not there are refused with the names that are', async (t) => {
  const { its, setFaults } = await testSwitch(t);
  assert.throws(() => setFaults({ networks: { lan: { machines: { web: { cable: false } } } } }), {
    code: 'switch-port-unknown',
    hint: 'choose one of: m1, m2',
  });
  assert.throws(() => setFaults({ networks: { lan: { partition: [['web']] } } }), { code: 'switch-port-unknown' });
  assert.throws(() => setFaults({ networks: { dmz: {} } }), { code: 'switch-port-unknown' });
  assert.deepEqual(its.faults.networks, {});
});

test('what is set takes the place of what the configuration says, and ends with its network', async (t) => {
  const { its, configure, ports, setFaults } = await testSwitch(t, {
    cards: 3,
    network: { faults: { partition: [['m1']], machines: { m3: { cable: false } } } },
  });
  const ends = () =>
    its
      .portsOf('m1')
      .concat(its.portsOf('m3'))
      .map(({ port: { side, hasCable } }) => [side, hasCable]);
  assert.deepEqual(ends(), [
    [1, true],
    [0, false],
  ]);
  setFaults({ networks: { lan: { machines: { m1: { cable: false } } } } });
  assert.deepEqual(ends(), [
    [0, false],
    [0, true],
  ]);
  configure((input) => ({ ...input, ports: ports.filter(({ machine }) => machine !== 'm1') }));
  configure();
  assert.deepEqual(
    ends(),
    [
      [0, false],
      [0, true],
    ],
    'a machine that comes back has the faults of its name',
  );
  its.setFaults(its.faults); // as a new process does with what the one before it kept
  setFaults({});
  assert.deepEqual(ends(), [
    [1, true],
    [0, false],
  ]);
  setFaults({ networks: { lan: {} } });
  assert.deepEqual(
    ends(),
    [
      [0, true],
      [0, true],
    ],
    'nothing goes wrong, whatever the configuration says',
  );
  configure(() => ({ networks: [], ports: [] }));
  assert.deepEqual(its.faults.networks, {});
});

/** An ARP request of machine m3 for 10.40.0.1. */
const whoHasGateway = Buffer.from(
  'ffffffffffff525400000003080600010800060400015254000000030a28000d0000000000000a280001',
  'hex',
);
