import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearestWord } from './nearest-word.ts';

test('the nearest word is found over a slip of the finger, and none over a different word', () => {
  const words = ['plan', 'apply', 'destroy', 'checkpoint'];
  assert.equal(nearestWord('paln', words), 'plan');
  assert.equal(nearestWord('aply', words), 'apply');
  assert.equal(nearestWord('destory', words), 'destroy');
  assert.equal(nearestWord('check', words), 'checkpoint');
  assert.equal(nearestWord('status', words), undefined);
  assert.equal(nearestWord('PLAN', words), 'plan');
  assert.equal(nearestWord('perMachine', ['permachine', 'perMachines']), 'permachine');
});

test('the distance counts insertions, deletions, substitutions and swaps of neighbours', () => {
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('abc', 'abc'), 0);
  assert.equal(editDistance('abc', 'acb'), 1);
  assert.equal(editDistance('kitten', 'sitting'), 3);
});
