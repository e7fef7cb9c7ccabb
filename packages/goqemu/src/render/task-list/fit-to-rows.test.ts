import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitToRows, type MachineLines } from './fit-to-rows.ts';

const machine = (name: string, state: MachineLines['state']): MachineLines => ({ lines: [name, `  ${state}`], state });

test('a list that fits stays as it is', () => {
  assert.deepEqual(fitToRows([machine('a', 'done'), machine('b', 'waiting')], 4), ['a', '  done', 'b', '  waiting']);
});

test('in a list that is too long the machines at work stay, and the others are counted', () => {
  const machines = [machine('a', 'done'), machine('b', 'running'), machine('c', 'waiting'), machine('d', 'waiting')];
  assert.deepEqual(fitToRows(machines, 4), ['b', '  running', '  … 2 waiting, 1 done']);
});

test('machines at work that there is no room for are counted too', () => {
  const machines = ['a', 'b', 'c'].map((name) => machine(name, 'running'));
  assert.deepEqual(fitToRows(machines, 4), ['a', '  running', '  … 2 more running']);
  assert.deepEqual(fitToRows(machines, 2), ['  … 3 more running']);
});
