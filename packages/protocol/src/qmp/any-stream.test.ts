import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryTransport } from '../transports/memory-transport.ts';
import { QmpClient } from './qmp-client.ts';

const greeting = '{"QMP":{"version":{"qemu":{"major":9,"minor":1,"micro":0},"package":""},"capabilities":[]}}\r\n';

const reply = fc.record({ id: fc.integer({ min: 0, max: 6 }), return: fc.jsonValue({ maxDepth: 1 }) });
const refusal = fc.record({
  id: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
  error: fc.constant({ class: 'A', desc: 'b' }),
});
const event = fc.record({
  event: fc.constantFrom('STOP', 'RESUME'),
  timestamp: fc.constant({ seconds: 1, microseconds: 2 }),
});
const valid = fc.oneof(reply, refusal, event).map((message) => `${JSON.stringify(message)}\r\n`);
const invalid = fc.constantFrom(
  '\n',
  '\r\n',
  ' \t\n',
  '{}\n',
  '[]\n',
  'null\n',
  '{"QMP":{}}\n',
  '{"error":null}\n',
  '{"id":1}\n',
  '\xff\n',
  '{"ret',
);

/** Pieces of a stream, cut at any byte. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : (ends[index - 1] ?? 0), end));
}

/** Plays a stream to a client with five commands under way; gives all that the client made of it. */
async function play(pieces: readonly Buffer[]): Promise<unknown[]> {
  const { transport, peer } = memoryTransport();
  peer.onSent = () => peer.deliver('{"return":{},"id":1}\n');
  peer.deliver(greeting);
  const qmp = await QmpClient.connect(transport);
  peer.onSent = () => undefined;
  const seen: unknown[] = [];
  qmp.onAny((happened) => seen.push(happened.event));
  const wait = qmp.waitFor('STOP');
  const commands = ['a', 'b', 'c', 'd', 'e'].map((command) => qmp.executeUntyped(command));
  for (const piece of pieces) peer.deliver(piece);
  peer.end();
  // Nothing may be left pending: this hangs, and the test with it, when something is.
  const settled = await Promise.allSettled([...commands, wait, qmp.closed]);
  return [
    seen,
    settled.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message)),
  ];
}

test('a valid stream means the same, wherever it is cut (10,000 cases)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(valid, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      async (messages, places) => {
        const bytes = Buffer.from(messages.join(''));
        assert.deepEqual(await play(cut(bytes, places)), await play([bytes]));
      },
    ),
    { numRuns: 10_000 },
  );
});

test('no stream crashes the client or leaves a promise pending (10,000 cases)', async () => {
  const anything = fc.oneof(
    { weight: 4, arbitrary: valid },
    { weight: 1, arbitrary: invalid },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(anything, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 4 }),
      async (parts, places) => {
        await play(cut(Buffer.from(parts.join(''), 'latin1'), places));
      },
    ),
    { numRuns: 10_000 },
  );
});
