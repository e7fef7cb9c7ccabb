import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStream } from './event-stream.ts';

function stream(highWaterMark: number) {
  const log: string[] = [];
  const flow = { full: () => log.push('full'), drained: () => log.push('drained'), left: () => log.push('left') };
  return { log, events: new EventStream<number>(flow, highWaterMark) };
}

test('events come out in order, and the end after the last of them', async () => {
  const { events } = stream(10);
  for (let event = 0; event < 5; event += 1) events.push(event);
  events.finish();
  const seen: number[] = [];
  for await (const event of events) seen.push(event);
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
});

test('a full stream asks to be held back, and lets go at half its mark', async () => {
  const { events, log } = stream(4);
  for (let event = 0; event < 4; event += 1) events.push(event);
  assert.deepEqual(log, ['full']);
  await events.next();
  assert.deepEqual(log, ['full']);
  await events.next();
  assert.deepEqual(log, ['full', 'drained']);
});

test('an error comes once, after what has arrived, and then the end', async () => {
  const { events } = stream(4);
  events.push(1);
  events.finish(new Error('lost'));
  assert.deepEqual(await events.next(), { value: 1, done: false });
  await assert.rejects(events.next(), /lost/);
  assert.deepEqual(await events.next(), { value: undefined, done: true });
});

test('readers that wait when the stream ends are all notified', async () => {
  const { events } = stream(4);
  const first = events.next();
  const second = events.next();
  events.finish(new Error('lost'));
  await assert.rejects(first, /lost/);
  assert.deepEqual(await second, { value: undefined, done: true });
});

test('a reader that leaves lets the connection continue', async () => {
  const { events, log } = stream(1);
  events.push(1);
  for await (const _ of events) break;
  events.push(2);
  assert.deepEqual(log, ['full', 'drained', 'left']);
  assert.deepEqual(await events.next(), { value: undefined, done: true });
});
