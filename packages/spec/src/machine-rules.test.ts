import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineRules } from './machine-rules.ts';

test('memory is in whole MiB, processors end where q35 does, and root is no ordinary user', () => {
  const { memory, cpus, user } = machineRules;
  for (const bytes of [64 * 2 ** 20, 2 ** 40]) assert.ok(memory.fits(bytes));
  for (const bytes of [1e9, 63 * 2 ** 20, 2 ** 41]) assert.ok(!memory.fits(bytes));
  for (const count of [1, 255]) assert.ok(cpus.fits(count));
  for (const count of [0, 256, 1.5, Number.NaN]) assert.ok(!cpus.fits(count));
  for (const name of ['debian', '_apt']) assert.ok(user.fits(name));
  for (const name of ['root', 'Root', 'a b', '']) assert.ok(!user.fits(name));
});
