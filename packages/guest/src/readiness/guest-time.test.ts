import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessorUse } from '@goqemu/core';
import { GuestTime } from './guest-time.ts';

/** A guest that has this share of a processor, in seconds of a virtual clock; `wants` is asked at each look. */
async function guestTime(share: number, wants: (look: number) => boolean | undefined, seconds = 1000, everyMs = 0) {
  let now = 0;
  let look = 0;
  const gauge = { everyMs, look: async (): Promise<ProcessorUse> => ({ usedMs: now * share, wants: wants(look++) }) };
  const time = new GuestTime(now, gauge);
  for (; now < seconds * 1000; now += 200) await time.look(now);
  return { passed: Math.round(time.passedMs / 1000), idle: Math.round(time.idleMs / 1000) };
}

test('a guest that spins, or waits, has all of the time', async () => {
  assert.deepEqual(await guestTime(1, () => true), { passed: 1000, idle: 0 });
  const waiting = await guestTime(0.02, (look) => look % 50 === 0);
  assert.ok(waiting.passed > 950 && waiting.idle > 900, JSON.stringify(waiting));
});

test('a guest that is given a twentieth of a processor has a twentieth of the time', async () => {
  assert.deepEqual(await guestTime(0.05, () => true), { passed: 50, idle: 0 });
  const twoCores = await guestTime(2, () => true);
  assert.equal(twoCores.passed, 1000, 'and with two cores not more than there is');
});

test('a guest that is given nothing at all has a fortieth: every limit ends', async () => {
  assert.equal((await guestTime(0, () => true)).passed, 25);
});

test('where the host does not show what a process wants, its processor time tells', async () => {
  const seldom = 5000;
  assert.ok((await guestTime(0.05, () => undefined, 1000, seldom)).passed <= 60);
  assert.ok((await guestTime(0.01, () => undefined, 1000, seldom)).passed >= 990);
});

test('without a gauge, and where the host shows nothing, the wall clock counts', async () => {
  const time = new GuestTime(0);
  await time.look(7000);
  assert.equal(time.passedMs, 7000);
  const blind = new GuestTime(0, { everyMs: 0, look: async () => undefined });
  await blind.look(7000);
  await blind.look(9000);
  assert.equal(blind.passedMs, 9000);
});
