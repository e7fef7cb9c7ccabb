import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '@goqemu/core';
import { OperationQueue } from './operation-queue.ts';

const entries: string[] = [];
const queue = () => new OperationQueue({ log: (level, _scope, message) => entries.push(`${level} ${message}`) });
const operation = (name: string, more: { timeoutMs?: number; holdsCommands?: boolean } = {}) => ({
  name,
  timeoutMs: 10_000,
  holdsCommands: false,
  ...more,
});

test('operations run one after another, also after one that failed', async () => {
  const operations = queue();
  const seen: string[] = [];
  const step = (name: string) => async () => {
    seen.push(`${name} begins`);
    await sleep(5);
    seen.push(`${name} ends`);
    if (name === 'two') throw new Error('no');
    return name;
  };
  const all = ['one', 'two', 'three'].map((name) => operations.run(operation(name), step(name)));
  const outcomes = await Promise.allSettled(all);
  assert.deepEqual(
    seen,
    ['one', 'two', 'three'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('an operation that takes too long is named, and the next waits until it has tidied up', async () => {
  const operations = queue();
  let tidied = false;
  const slow = operations.run(operation('starting VM "web"', { timeoutMs: 20 }), async (signal) => {
    await sleep(10_000, signal).catch(() => undefined);
    await sleep(20);
    tidied = true;
  });
  const next = operations.run(operation('stopping VM "web"'), async () => tidied);
  await assert.rejects(slow, /starting VM "web" did not finish within 20 ms/);
  assert.equal(tidied, true);
  assert.equal(await next, true);
});

test('commands wait for what holds them back, and for nothing else', async () => {
  const operations = queue();
  let done = '';
  const start = operations.run(operation('start', { holdsCommands: true }), async () => {
    await sleep(10);
    done += 'start ';
  });
  const snapshot = operations.run(operation('snapshot'), async () => {
    await sleep(30);
    done += 'snapshot ';
  });
  await operations.ready();
  assert.equal(done, 'start ');
  await Promise.all([start, snapshot]);
});

test('a stop has what runs and what waits give up with its reason', async () => {
  const operations = queue();
  const running = operations.run(operation('a'), (signal) => sleep(60_000, signal));
  const waiting = operations.run(operation('b'), async () => assert.fail('it was given up'));
  const failures = [assert.rejects(running, /let go/), assert.rejects(waiting, /let go/)];
  await operations.stop(new Error('let go'));
  await Promise.all(failures);
});

test('the beginning and the end of each operation are logged', async () => {
  const operations = queue();
  entries.length = 0;
  await operations.run(operation('taking a snapshot of VM "web"'), async () => undefined);
  await operations.run(operation('restoring VM "web"'), () => Promise.reject(new Error('no'))).catch(() => undefined);
  await operations.stop(new Error('done'));
  assert.deepEqual(entries, [
    'info taking a snapshot of VM "web"',
    'info taking a snapshot of VM "web": done',
    'info restoring VM "web"',
    'warn restoring VM "web": failed',
  ]);
});
