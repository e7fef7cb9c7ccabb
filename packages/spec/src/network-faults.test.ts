import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areNoFaults, faultMistake, machinesOfFaults, withMachineNames } from './network-faults.ts';

test('faults of a network are checked to their last number, and the mistake is named by its place', () => {
  assert.equal(faultMistake({}), undefined);
  assert.equal(
    faultMistake({
      ...{ latency: 50, jitter: 5, loss: 1, duplication: 0, reordering: 0.5, rate: 1, corruption: 0.01 },
      partition: [['web'], ['db', 'cache']],
      machines: { web: { from: { loss: 0 }, to: { rate: 1e12 }, cable: false }, db: {} },
    }),
    undefined,
  );
  const mistakes: readonly (readonly [unknown, string, RegExp])[] = [
    [undefined, '', /object/],
    [[], '', /object/],
    [{ delay: 5 }, 'delay', /one of latency/],
    [{ loss: 5 }, 'loss', /share from 0 to 1/],
    [{ latency: '5' }, 'latency', /milliseconds from 0 to 600000/],
    [{ latency: Number.NaN }, 'latency', /milliseconds/],
    [{ rate: 0 }, 'rate', /bytes per second/],
    [{ partition: ['web'] }, 'partition', /groups/],
    [{ partition: [['web'], []] }, 'partition', /groups/],
    [{ partition: [['web'], ['web']] }, 'partition', /each machine once/],
    [{ machines: ['web'] }, 'machines', /names/],
    [{ machines: { web: { cable: 'out' } } }, 'machines.web.cable', /true or false/],
    [{ machines: { web: { loss: 1 } } }, 'machines.web.loss', /from, to or cable/],
    [{ machines: { web: { to: { loss: -1 } } } }, 'machines.web.to.loss', /share/],
    [{ machines: { web: { from: 7 } } }, 'machines.web.from', /object/],
    [{ machines: { web: false } }, 'machines.web', /object/],
  ];
  for (const [given, at, expected] of mistakes) {
    const mistake = faultMistake(given);
    assert.equal(mistake?.at, at, JSON.stringify(given));
    assert.match(mistake?.expected ?? '', expected);
  }
});

test('faults know their machines, and are said of them by other names', () => {
  const faults = { loss: 0.5, partition: [['web', 'gone'], ['gone']], machines: { db: { cable: false }, gone: {} } };
  assert.deepEqual(machinesOfFaults(faults), ['web', 'gone', 'db']);
  const renamed = withMachineNames(faults, (name) => ({ web: 'front', db: 'db' })[name]);
  assert.deepEqual(renamed, { loss: 0.5, partition: [['front']], machines: { db: { cable: false } } });
});

test('nothing goes wrong where nothing is said, or zero', () => {
  for (const none of [{}, { loss: 0, latency: 0 }, { partition: [] }, { machines: { web: { cable: true } } }])
    assert.ok(areNoFaults(none), JSON.stringify(none));
  for (const some of [{ loss: 0.1 }, { partition: [['web']] }, { machines: { web: { to: { loss: 0 } } } }])
    assert.ok(!areNoFaults(some), JSON.stringify(some));
});
