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
  setFaults({ ports: { 'm2:n1': { cable: false } } });
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
  setFaults({ ports: { 'm1:n1': { fromMachine: { loss: 1 } } } });
  one.send(frame({ to: 0, from: 1, text: 'lost' }));
  two.send(frame({ to: 0, from: 2, text: 'heard' }));
  await one.until(() => texts(one).includes('heard'));
  setFaults({
    networks: { lan: { faults: { loss: 1, duplication: 0 } } },
    ports: { 'm3:n1': { toMachine: { loss: 0, duplication: 1 } } },
  });
  one.send(frame({ to: 0, from: 1, text: 'twice' }));
  await three.until(() => texts(three).length === 3);
  assert.deepEqual([texts(two), texts(three)], [[], ['heard', 'twice', 'twice']]);
});

test('faults of a port or machine that is not there are refused with the names that are', async (t) => {
  const { its, setFaults } = await testSwitch(t);
  assert.throws(() => setFaults({ ports: { 'web:n1': { cable: false } } }), {
    code: 'switch-port-unknown',
    hint: 'choose one of: m1:n1, m2:n1',
  });
  assert.throws(() => setFaults({ networks: { lan: { partition: [['web']] } } }), { code: 'switch-port-unknown' });
  assert.throws(() => setFaults({ networks: { dmz: {} } }), { code: 'switch-port-unknown' });
  assert.deepEqual(its.faults.ports, {});
});

test('faults of what is removed go with it, and come back with nothing but what was set again', async (t) => {
  const { its, configure, ports, setFaults } = await testSwitch(t, { cards: 3 });
  const lan = { faults: { latency: 1 }, partition: [['m1'], ['m2', 'm3']] };
  setFaults({ networks: { lan }, ports: { 'm1:n1': { cable: false }, 'm3:n1': { toMachine: { loss: 1 } } } });
  configure((input) => ({ ...input, ports: ports.filter(({ machine }) => machine !== 'm1') }));
  const { networks, ports: left } = its.faults;
  assert.deepEqual([networks.lan?.partition, Object.keys(left)], [[['m2', 'm3']], ['m3:n1']]);
  configure();
  assert.equal(its.portsOf('m1')[0]?.port.hasCable, true);
  its.setFaults(its.faults); // as a new process does with what the one before it kept
  configure(() => ({ networks: [], ports: [] }));
  assert.deepEqual([its.faults.networks, its.faults.ports], [{}, {}]);
});

/** An ARP request of machine m3 for 10.40.0.1. */
const whoHasGateway = Buffer.from(
  'ffffffffffff525400000003080600010800060400015254000000030a28000d0000000000000a280001',
  'hex',
);
