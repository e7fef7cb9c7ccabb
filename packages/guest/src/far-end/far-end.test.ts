import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode } from '@goqemu/core';
import fc from 'fast-check';
import type { CommandPipe } from '../session/command-connection.ts';
import { FarEndConnection } from './far-end-connection.ts';
import { answer, encodeFrame, type Frame, FrameReader, maxPayload, request, streamWindow } from './frames.ts';
import { Greeting } from './greeting.ts';
import { PortLine } from './port-line.ts';

const numRuns = process.env.GOQEMU_SOAK ? 100_000 : 2_000;
const tag = Buffer.from([0x81, 2, 3, 4]);
const nonce = Buffer.from('\x81\x02\x03\x04abcdefghijkl', 'latin1');
const welcome = Buffer.concat([Buffer.from('\0GOQEMU\n'), Buffer.of(1), nonce]);

/** Both sides of a port; the test plays the guest. */
function port() {
  let receiver: (bytes: Buffer) => void = () => undefined;
  let end: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    end = resolve;
  });
  const sent: Frame[] = [];
  const reader = new FrameReader(tag, (frame) => sent.push({ ...frame, payload: Buffer.from(frame.payload) }));
  const line = new PortLine({
    onBytes: (given) => {
      receiver = given;
    },
    write: (bytes) => reader.push(Buffer.from(bytes)),
    close: async () => end(),
    closed,
  });
  const say = (stream: number, type: number, payload: Uint8Array = Buffer.alloc(0)) =>
    receiver(encodeFrame(tag, { stream, type, payload: Buffer.from(payload) }));
  return { line, sent, say, bytes: (bytes: Buffer) => receiver(bytes) };
}

function started(connection: FarEndConnection): CommandPipe {
  let pipe: CommandPipe | undefined;
  connection.exec('true', {}, (_, opened) => {
    pipe = opened;
  });
  return pipe ?? assert.fail('nothing was started');
}

test('a greeting finds its own answer behind whatever an earlier session left', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 40 }), (stale, piece) => {
      const greeting = new Greeting('frames', nonce);
      const other = Buffer.concat([welcome.subarray(0, 9), Buffer.alloc(16, 7)]);
      const all = Buffer.concat([stale, other, welcome.subarray(0, 12), welcome, Buffer.from('rest')]);
      let rest: Buffer | undefined;
      for (let at = 0; at < all.length && !rest; at += piece) {
        rest = greeting.push(all.subarray(at, at + piece));
        if (rest) rest = Buffer.concat([rest, all.subarray(at + piece)]);
      }
      assert.deepEqual([rest?.toString(), greeting.version], ['rest', 1]);
    }),
    { numRuns: 500 },
  );
});

test('a greeting gives up on a port that never stops', () => {
  const greeting = new Greeting('frames');
  for (let i = 0; i < 80; i++) assert.equal(greeting.push(Buffer.alloc(64 * 1024, i)), undefined);
  assert.ok(greeting.isDrowned);
});

test('frames arrive as they were sent, in whatever pieces', () => {
  const frame = fc
    .tuple(fc.nat(2 ** 32 - 1), fc.nat(255), fc.uint8Array({ maxLength: 300 }))
    .map(([stream, type, bytes]) => ({ stream, type, payload: Buffer.from(bytes) }));
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.integer({ min: 1, max: 700 }), (frames, piece) => {
      const got: Frame[] = [];
      const reader = new FrameReader(tag, (one) => got.push({ ...one, payload: Buffer.from(one.payload) }));
      const all = Buffer.concat(frames.map((one) => encodeFrame(tag, one)));
      for (let at = 0; at < all.length; at += piece) reader.push(all.subarray(at, at + piece));
      assert.deepEqual(got, frames);
    }),
    { numRuns: 500 },
  );
});

test('what is no frame of the session is refused before it is kept', () => {
  const heads = [
    encodeFrame(Buffer.from([1, 2, 3, 4]), { stream: 1, type: 16, payload: Buffer.alloc(0) }),
    Buffer.concat([tag, Buffer.from([0, 0, 0, 1, 16, 0, 0xff, 0xff])]),
    Buffer.concat([tag, Buffer.from([0, 0, 0, 1, 16, 1, 0, 0])]),
  ];
  for (const head of heads) {
    const reader = new FrameReader(tag, () => assert.fail('it was taken'));
    assert.throws(
      () => reader.push(head),
      (error) => hasErrorCode(error, 'far-end-garbled'),
    );
  }
});

/** Frames that are nearly right: those get furthest. */
const hostileFrame = fc.record({
  stream: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.nat(2 ** 32 - 1)),
  type: fc.oneof(fc.constantFrom(...Object.values(answer)), fc.nat(255)),
  payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(maxPayload))),
});

test('a hostile guest ends its session at worst: no frames, and no bytes, throw or keep a command waiting', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(hostileFrame, fc.uint8Array({ maxLength: 30 })), { maxLength: 12 }),
      async (words) => {
        const { line, say, bytes } = port();
        const connection = new FarEndConnection(line, tag, { user: 'debian' });
        const pipes = [started(connection), started(connection)];
        const ends = pipes.map((pipe) => new Promise((resolve) => pipe.once('close', resolve)));
        for (const pipe of pipes) {
          pipe.resume();
          pipe.stderr.resume();
        }
        for (const word of words) {
          if (word instanceof Uint8Array) bytes(Buffer.from(word));
          else say(word.stream, word.type, word.payload);
        }
        connection.close('enough');
        await Promise.all(ends);
        assert.ok(connection.isIdle);
      },
    ),
    { numRuns },
  );
});

test('what the protocol does not allow breaks the connection, and the reason says what', () => {
  const wrongs: Readonly<Record<string, (guest: ReturnType<typeof port>) => void>> = {
    'a frame of a command never started': ({ say }) => say(9, answer.stdout, Buffer.from('x')),
    'a frame of the unknown type 99': ({ say }) => say(1, 99),
    'more output than it was asked for': ({ say }) => {
      for (let i = 0; i <= (3 * streamWindow) / maxPayload; i++) say(1, answer.stdout, Buffer.alloc(maxPayload));
    },
    'room for more input than it was sent': ({ say }) => say(1, answer.credit, Buffer.from([0, 0, 0, 1])),
    'an end without an exit code': ({ say }) => say(1, answer.exit),
    'an end by no signal that there is': ({ say }) => say(1, answer.exit, Buffer.from('\0\x1b[31m')),
    'a frame of another session': ({ bytes }) => bytes(Buffer.alloc(12)),
  };
  for (const [what, wrong] of Object.entries(wrongs)) {
    const guest = port();
    const connection = new FarEndConnection(guest.line, tag, { user: 'debian' });
    started(connection);
    wrong(guest);
    assert.match(connection.brokenBecause ?? '', new RegExp(what));
  }
});

test('frames of a command that was given up are passed over', () => {
  const { line, say } = port();
  const connection = new FarEndConnection(line, tag, { user: 'debian' });
  started(connection).close();
  say(1, answer.stdout, Buffer.from('late'));
  say(1, answer.closed);
  assert.equal(connection.brokenBecause, undefined);
});

test('input waits for room in the guest', async () => {
  const { line, sent, say } = port();
  const pipe = started(new FarEndConnection(line, tag, { user: 'debian' }));
  const size = () =>
    sent.filter(({ type }) => type === request.input).reduce((sum, { payload }) => sum + payload.length, 0);
  pipe.end(Buffer.alloc(streamWindow + 5));
  await new Promise(setImmediate);
  assert.equal(size(), streamWindow);
  assert.ok(!sent.some(({ type }) => type === request.endOfInput));
  say(1, answer.credit, Buffer.from([0, 0, 0, 5]));
  await new Promise(setImmediate);
  assert.equal(size(), streamWindow + 5);
  assert.ok(sent.some(({ type }) => type === request.endOfInput));
});

test('output that nothing reads is not asked for', async () => {
  const { line, sent, say } = port();
  const pipe = started(new FarEndConnection(line, tag, { user: 'debian' }));
  const credits = () => sent.filter(({ type }) => type === request.credit).length;
  for (let i = 0; i < streamWindow / maxPayload; i++) say(1, answer.stdout, Buffer.alloc(maxPayload));
  await new Promise(setImmediate);
  const before = credits();
  pipe.resume();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(credits() > before);
});

test('a guest without a sign of life is given up while a command runs', async () => {
  const { line, sent, say } = port();
  const connection = new FarEndConnection(line, tag, { user: 'debian', keepaliveMs: 5, keepaliveCount: 2 });
  started(connection);
  const pings = () => sent.filter(({ type }) => type === request.ping).length;
  while (pings() < 4) {
    say(0, answer.pong);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.equal(connection.brokenBecause, undefined);
  const reason = new Promise((resolve) => connection.onBroken(resolve));
  const alive = setTimeout(() => undefined, 10_000);
  assert.equal(await reason, 'the guest gave no sign of life');
  clearTimeout(alive);
});
