import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { search, type Verdict } from './search.ts';

/** Tries `count` candidates of which those from `firstBad` on are bad. */
async function found(count: number, firstBad: number, width: number, skip: (index: number) => boolean = () => false) {
  const tried: number[] = [];
  let most = 0;
  let now = 0;
  const probe = async (index: number): Promise<Verdict> => {
    assert.ok(!tried.includes(index), `${index} is tried twice`);
    tried.push(index);
    most = Math.max(most, ++now);
    await sleep((index * 7) % 3);
    now--;
    if (skip(index)) return 'skipped';
    return index < firstBad ? 'good' : 'bad';
  };
  const result = await search({ count, width, probe });
  assert.ok(most <= width, `${most} at a time`);
  return { ...result, tried };
}

test('the first bad candidate is found, wherever it is and however many are tried at a time', async () => {
  for (const count of [2, 3, 10, 33])
    for (const width of [1, 2, 5, 40])
      for (let firstBad = 1; firstBad < count; firstBad++) {
        const { lastGood, firstBad: is } = await found(count, firstBad, width);
        assert.deepEqual([lastGood, is], [firstBad - 1, firstBad]);
      }
});

test('one at a time takes as many tries as halving does', async () => {
  for (let firstBad = 1; firstBad < 1025; firstBad += 50)
    assert.ok((await found(1025, firstBad, 1)).tried.length <= 11, `${firstBad}`);
});

test('what cannot be tried is left out, and what is not known is said', async () => {
  const { lastGood, firstBad } = await found(20, 10, 2, (index) => index === 9 || index === 10);
  assert.deepEqual([lastGood, firstBad], [8, 11]);
  const all = await found(5, 3, 3, () => true);
  assert.deepEqual([all.lastGood, all.firstBad, all.tried.length], [0, 4, 3]);
});

test('a try that an answer makes superfluous is given up, and what it throws then is ignored', async () => {
  const givenUp: number[] = [];
  const probe = (index: number, signal: AbortSignal): Promise<Verdict> => {
    if (index === 5) return Promise.resolve('bad');
    if (index < 5) return Promise.resolve(index < 4 ? 'good' : 'bad');
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        givenUp.push(index);
        reject(signal.reason);
      });
    });
  };
  const { firstBad } = await search({ count: 11, width: 3, probe });
  assert.equal(firstBad, 4);
  assert.ok(givenUp.length > 0 && givenUp.every((index) => index > 5), givenUp.join());
});

test('an error ends the search, when all that was begun has ended', async () => {
  let ended = 0;
  const probe = async (index: number, signal: AbortSignal): Promise<Verdict> => {
    if (index === 5) throw new Error('no room');
    await sleep(10_000, undefined, { signal }).catch(() => undefined);
    ended++;
    return 'good';
  };
  await assert.rejects(search({ count: 11, width: 3, probe }), /no room/);
  assert.equal(ended, 2);
});
