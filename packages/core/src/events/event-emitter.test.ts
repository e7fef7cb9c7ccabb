import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { TypedEmitter } from './event-emitter.ts';

test('a listener that throws, at once or later, is a warning and keeps nothing from the next', async () => {
  const emitter = new TypedEmitter<{ a: number }>();
  const warned = once(process, 'warning');
  const seen: number[] = [];
  emitter.on('a', () => {
    throw new Error('mine');
  });
  emitter.on('a', async () => {
    throw new Error('mine, later');
  });
  emitter.on('a', (value) => seen.push(value));
  emitter.emit('a', 1);
  assert.deepEqual(seen, [1]);
  const [warning] = (await warned) as [Error & { code?: string }];
  assert.deepEqual([warning.name, warning.code], ['GoqemuWarning', 'listener-threw']);
  assert.match(warning.message, /a listener of a threw: mine/);
});
