import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withLength } from '../fixture/fake-card.ts';
import { eachFrame } from '../fixture/split-frames.ts';
import { TestClock } from '../fixture/test-switch.ts';
import { FrameReader } from '../frames/frame-reader.ts';
import { SwitchNetwork } from './switch-network.ts';
import { SwitchPort } from './switch-port.ts';

const mtu = 100;
const stations = 5;

/** A port that keeps what it gets, and a reader for what it sends. */
function portOf(network: SwitchNetwork, number: number) {
  const received: string[] = [];
  const send = (_source: number, bytes: Buffer, start: number, end: number) => {
    const reader = new FrameReader(eachFrame((all, at, to) => received.push(all.toString('latin1', at, to))));
    const copy = Buffer.from(bytes.subarray(start, end));
    assert.equal(reader.push(copy, copy.length), true);
    return 0;
  };
  const port = new SwitchPort(number, `m${number}:n1`, { isConnected: true, send, flush: () => undefined });
  const reader = new FrameReader((bytes, at, end, frames) => network.receive(port, bytes, at, end, frames));
  const memory = Buffer.alloc(4_096);
  const read = (piece: Buffer) => {
    piece.copy(memory);
    network.begin();
    const isSound = reader.push(memory, piece.length);
    network.end();
    memory.fill(0xaa); // the next piece lies in the same memory
    if (!isSound) reader.reset();
    return isSound;
  };
  network.add(port);
  return { port, received, read };
}

const mac = fc
  .nat(stations)
  .map((station) => Buffer.from(station === 0 ? 'ffffffffffff' : `02000000000${station}`, 'hex'));
const tag = fc.constantFrom('', '', '81000001', '81000002', '88a80003');
const frame = fc
  .record({ to: mac, from: mac, tag, size: fc.nat(mtu + 20), cut: fc.nat(60) })
  .map(({ to, from, tag, size, cut }) => {
    const whole = Buffer.concat([
      to,
      from,
      Buffer.from(tag, 'hex'),
      Buffer.from('88b5', 'hex'),
      Buffer.alloc(size, 'x'),
    ]);
    return cut < 14 ? whole.subarray(0, cut) : whole;
  });
const turn = fc.record({
  port: fc.nat(2),
  // Repeated, as in a bulk transfer.
  frames: fc
    .array(fc.record({ one: frame, times: fc.integer({ min: 1, max: 4 }) }), { maxLength: 4 })
    .map((all) => all.flatMap(({ one, times }) => Array.from({ length: times }, () => one))),
  noise: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  ),
  cuts: fc.array(fc.nat(600), { maxLength: 3 }),
});

/** What a bridge does, as simply as it can be said. */
class Model {
  readonly received: string[][] = [[], [], []];
  readonly #known = new Map<string, number>();

  frame(from: number, bytes: Buffer): void {
    const type = bytes.length >= 18 ? bytes.readUInt16BE(12) : 0;
    const isTagged = type === 0x8100 || type === 0x88a8;
    if (bytes.length < 14 || bytes.length > mtu + (isTagged ? 18 : 14)) return;
    const vlan = isTagged ? bytes.readUInt16BE(14) & 0xfff : 0;
    const key = (at: number) => `${vlan} ${bytes.toString('hex', at, at + 6)}`;
    const isGroup = ((bytes[0] ?? 0) & 1) === 1;
    const target = isGroup ? undefined : this.#known.get(key(0));
    if (((bytes[6] ?? 0) & 1) === 0) this.#known.set(key(6), from);
    for (const port of [0, 1, 2])
      if (port !== from && (target === undefined || target === port))
        this.received[port]?.push(bytes.toString('latin1'));
  }
}

const bytesOf = (frames: readonly { readonly length: number }[]) => frames.reduce((sum, { length }) => sum + length, 0);

const runs = process.env.GOQEMU_SOAK ? 100_000 : 2_000;

test(`whatever comes, cut anywhere, each port gets what a simple bridge would give it (${runs} cases)`, () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 10 }), (turns) => {
      const network = new SwitchNetwork({ name: 'lan', clock: new TestClock(), mtu });
      const ports = [0, 1, 2].map((number) => portOf(network, number));
      const model = new Model();
      for (const { port, frames, noise, cuts } of turns) {
        const stream = Buffer.concat(frames.map(withLength));
        const ends = [...cuts.map((place) => place % (stream.length + 1)), stream.length].sort((a, b) => a - b);
        for (const [index, end] of ends.entries())
          assert.equal(ports[port]?.read(stream.subarray(index === 0 ? 0 : ends[index - 1], end)), true);
        for (const each of frames) model.frame(port, each);
        // A stream out of step ends: what follows the impossible length is gone with the connection.
        if (noise)
          assert.equal(ports[port]?.read(Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff]), noise])), false);
      }
      assert.deepEqual(
        ports.map(({ received }) => received),
        model.received,
      );
      const sent = [0, 1, 2].map((number) =>
        turns.filter(({ port }) => port === number).flatMap(({ frames }) => frames),
      );
      for (const [number, { port, received }] of ports.entries()) {
        const { fromMachine, toMachine } = port.counters;
        assert.equal(fromMachine.frames, sent[number]?.length);
        assert.equal(fromMachine.bytes, bytesOf(sent[number] ?? []));
        assert.deepEqual([toMachine.frames, toMachine.bytes], [received.length, bytesOf(received)]);
      }
    }),
    { numRuns: runs },
  );
});

test('a station that sends to itself moves to the port that it sends from', () => {
  const network = new SwitchNetwork({ name: 'lan', clock: new TestClock(), mtu });
  const ports = [0, 1].map((number) => portOf(network, number));
  const bytes = (to: string) => withLength(Buffer.from(`${to}02000000000588b5`, 'hex'));
  ports[0]?.read(bytes('ffffffffffff'));
  ports[1]?.read(Buffer.concat([bytes('020000000005'), bytes('020000000005')]));
  assert.deepEqual(
    ports.map(({ received }) => received.length),
    [1, 1],
  );
});

test('bytes without any sense leave a network that still works', () => {
  const network = new SwitchNetwork({ name: 'lan', clock: new TestClock(), mtu });
  const [one, two] = [0, 1].map((number) => portOf(network, number));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(255), (bytes, length) => {
      // With a sensible length before them, they are a frame of noise.
      const isSound = one?.read(Buffer.concat([Buffer.from([0, 0, 0, length]), bytes]));
      if (isSound === false) return;
      one?.read(Buffer.alloc(255));
    }),
    { numRuns: runs },
  );
  const hello = Buffer.from('ffffffffffff02000000000188b5', 'hex');
  while (one?.read(Buffer.from([0xff, 0xff, 0xff, 0xff])));
  if (two) two.received.length = 0;
  assert.equal(one?.read(withLength(hello)), true);
  assert.ok(network.table.size <= network.table.capacity);
});
