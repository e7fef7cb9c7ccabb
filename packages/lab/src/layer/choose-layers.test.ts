import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ChainPlace, chooseLayers, type LayerFacts, type UnnamedLayer } from './choose-layers.ts';

const plenty = 2 ** 50;

/** One machine; each step as its seconds, then `!` when its layer stays, `@` when it has a name, `-` when it has none. */
function chain(...steps: readonly string[]): LayerFacts {
  const unnamed = new Map<string, UnnamedLayer>();
  const places = steps.map((step, index): ChainPlace => {
    const key = `k${index + 1}`;
    const isUnnamed = !/[@-]/.test(step);
    if (isUnnamed) unnamed.set(key, { bytes: 100, saves: 40, isFixed: step.includes('!') });
    return { key, redoMs: Number.parseInt(step, 10) * 1000, hasLayer: !step.includes('-') };
  });
  return { unnamed, chains: [places] };
}

function chosen(facts: LayerFacts, perMachine: number, budget = plenty): readonly string[] {
  return chooseLayers(facts, { perMachine, budget }).keys;
}

test('within the limits nothing is chosen', () => {
  const choice = chooseLayers(chain('1', '1', '1'), { perMachine: 3, budget: 300 });
  assert.deepEqual(choice, { keys: [], saves: 0, bytes: { unnamed: 300, fixed: 0 } });
});

test('layers after short steps go before those after long ones', () => {
  assert.deepEqual(chosen(chain('9', '1', '8', '2', '7!'), 3), ['k2', 'k4']);
});

test('of equal steps every other layer goes: no place is far from a layer', () => {
  assert.deepEqual(chosen(chain(...Array.from({ length: 8 }, () => '1')), 4), ['k1', 'k3', 'k5', 'k7']);
});

test('a place that has no layer makes the one above it dearer', () => {
  assert.deepEqual(chosen(chain('3-', '1', '2', '2!'), 2), ['k3']);
});

test('what has a name and what stays are not chosen, even beyond the limit', () => {
  assert.deepEqual(chosen(chain('1@', '1!', '1', '1!', '1!'), 2), ['k3']);
});

test('the budget takes what frees most for the time, and stops as soon as it is met', () => {
  const facts = chain('1', '1', '1', '1!');
  facts.unnamed instanceof Map && facts.unnamed.set('k3', { bytes: 100, saves: 90, isFixed: false });
  assert.deepEqual(chosen(facts, 12, 320), ['k3']);
  assert.deepEqual(chosen(facts, 12, 300), ['k3', 'k1']);
});

test('a budget that cannot be met takes what frees something, and tells what is left', () => {
  const facts = chain('1', '1', '1!', '1!');
  facts.unnamed instanceof Map && facts.unnamed.set('k2', { bytes: 100, saves: 0, isFixed: false });
  assert.deepEqual(chooseLayers(facts, { perMachine: 12, budget: 100 }), {
    keys: ['k1'],
    saves: 40,
    bytes: { unnamed: 360, fixed: 200 },
  });
});

test('for the budget a layer that two machines have is as expensive as for the one that loses more', () => {
  const one = chain('1', '5', '9!');
  const shared: LayerFacts = { ...one, chains: [...one.chains, [{ key: 'k1', redoMs: 7000, hasLayer: true }]] };
  assert.deepEqual(chosen(one, 12, 299), ['k1']);
  assert.deepEqual(chosen(shared, 12, 299), ['k2']);
});

const layer = fc.record({
  bytes: fc.nat(1000),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  isFixed: fc.boolean(),
});
const place = fc.record({ step: fc.nat(30), redoMs: fc.oneof(fc.nat(100_000), fc.constant(Number.POSITIVE_INFINITY)) });
const facts = fc
  .record({
    layers: fc.array(layer, { maxLength: 30 }),
    chains: fc.array(fc.array(place, { maxLength: 20 }), { maxLength: 4 }),
  })
  .map(({ layers, chains }): LayerFacts => {
    const unnamed = new Map(
      layers.map(({ bytes, share, isFixed }, index) => [
        `k${index}`,
        { bytes, saves: Math.floor(bytes * share), isFixed },
      ]),
    );
    return {
      unnamed,
      chains: chains.map((places) => {
        const keys = new Set<string>();
        return places.flatMap(({ step, redoMs }): readonly ChainPlace[] => {
          const key = `k${step}`;
          if (keys.has(key)) return [];
          keys.add(key);
          return [{ key, redoMs, hasLayer: unnamed.has(key) }];
        });
      }),
    };
  });

test('whatever there is: what must stay stays, the limits are met unless only that is left, and no more goes than need be', () => {
  fc.assert(
    fc.property(facts, fc.integer({ min: 2, max: 12 }), fc.nat(20_000), (given, perMachine, budget) => {
      const { keys, saves, bytes } = chooseLayers(given, { perMachine, budget });
      const gone = new Set(keys);
      assert.equal(gone.size, keys.length, 'none twice');
      for (const key of keys) assert.equal(given.unnamed.get(key)?.isFixed, false, `${key} was to stay`);
      const kept = [...given.unnamed].filter(([key]) => !gone.has(key));
      for (const places of given.chains) {
        const left = places.flatMap(({ key }) => kept.find(([one]) => one === key) ?? []);
        const movable = places.filter(({ key }) => given.unnamed.get(key)?.isFixed === false && !gone.has(key));
        assert.ok(left.length / 2 <= perMachine || movable.length === 0, 'a chain is too long');
      }
      const total = [...given.unnamed.values()].reduce((sum, one) => sum + one.bytes, 0);
      assert.equal(bytes.unnamed, total - saves);
      const movable = kept.filter(([, one]) => !one.isFixed && one.saves > 0);
      assert.ok(bytes.unnamed <= budget || movable.length === 0, 'the budget is not met, and could be');
      const last = given.unnamed.get(keys.at(-1) ?? '');
      const short = given.chains.every(
        (places) => places.filter(({ key }) => given.unnamed.has(key)).length <= perMachine,
      );
      if (last && short) assert.ok(bytes.unnamed + last.saves > budget, 'the last one need not have gone');
    }),
    { numRuns: 1000 },
  );
});
