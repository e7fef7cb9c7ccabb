import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { withStallLimit } from './stall-limit.ts';

const never = new Promise<never>(() => undefined);

test('a work that moves has no limit, and one that does not is ended by name with how far it had come', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const limit = { name: 'saving the RAM', milliseconds: 1000, show: (bytes: number) => `${bytes} bytes` };
    let move: (amount: number) => void = () => undefined;
    const ended = withStallLimit(limit, (_signal, moved) => {
      move = moved;
      return never;
    }).catch((error: unknown) => error);
    for (let amount = 1; amount <= 5; amount++) {
      mock.timers.tick(900);
      move(amount);
    }
    move(5); // not a move
    mock.timers.tick(999);
    const first = await Promise.race([ended, Promise.resolve('still at work')]);
    assert.equal(first, 'still at work');
    mock.timers.tick(1);
    const error = (await ended) as { code: string; message: string; detail: string };
    assert.equal(error.code, 'timeout');
    assert.equal(error.message, 'saving the RAM has not moved for 1 s');
    assert.equal(error.detail, '5 bytes had moved before');
  } finally {
    mock.timers.reset();
  }
});

test('the caller gives up with a reason of its own', async () => {
  const controller = new AbortController();
  const work = withStallLimit({ name: 'x', milliseconds: 60_000, signal: controller.signal }, () => never);
  controller.abort(new Error('enough'));
  await assert.rejects(work, /enough/);
});
